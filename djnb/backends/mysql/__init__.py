"""MySQL and MariaDB over PyMySQL, in the layout of DataJoint 2.x."""
