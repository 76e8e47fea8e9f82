"""Tables that refer to themselves, and tables of other hands that refer to each other."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import IntegrityError, UnknownParentError
from djnb.sql.statement import Statement


@pytest.fixture
def Animal(schema):
    """Animals with mothers and fathers among them."""

    @schema
    class Animal(dj.Manual):
        definition = """
        animal : int32
        ---
        -> [nullable] Animal.proj(mother='animal')
        -> [nullable] Animal.proj(father='animal')
        name = "" : varchar(8)
        """

    return Animal


@pytest.fixture
def Weight(schema, Animal):
    """What depends on animals."""

    @schema
    class Weight(dj.Manual):
        definition = """
        -> Animal
        day : int32
        """

    return Weight


FAMILY = [
    # A daughter before her mother, and two generations below 1; 9 stands alone.
    {"animal": 4, "mother": 2, "father": 3},
    {"animal": 2, "mother": 1, "father": None},
    {"animal": 5, "mother": 4, "father": 9},
    {"animal": 1, "mother": None, "father": None},
    {"animal": 3, "mother": None, "father": None},
    {"animal": 9, "mother": None, "father": None},
]


class TestDeclare:
    def test_table_refers_to_itself_by_its_own_name(self, Animal, connection):
        """The foreign keys are there, with the type of the key, and the attribute comes from it."""
        keys = connection.catalogue.table(Animal.name).foreign_keys

        assert [(Animal.name, (("mother", "animal"),)), (Animal.name, (("father", "animal"),))] == [
            (key.parent, key.attributes) for key in keys
        ]
        assert ["animal", "mother", "father", "name"] == list(Animal.heading.names)
        assert (True, "int32") == (Animal.heading["mother"].nullable, str(Animal.heading["mother"].type))

    def test_part_refers_to_itself_within_its_master(self, schema):
        """Of a key of several attributes, one may stay and another be renamed."""

        @schema
        class Tree(dj.Manual):
            definition = "tree : int32"

            class Node(dj.Part):
                definition = """
                -> master
                node : int32
                ---
                -> [nullable] Tree.Node.proj(up='node')
                """

        Tree.insert1([1])
        Tree.Node.insert([(1, 2, 1), (1, 1, None)])

        with pytest.raises(IntegrityError):
            Tree.Node.insert1((1, 3, 7))
        assert 1 == Tree.delete(prompt=False)
        assert 0 == len(Tree.Node)

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ("a : int32\n-> Loop.proj(up='a')", "in its primary key"),
            ("a : int32\n---\n-> Loop.proj(up='a')", "no other row of the table"),
            ("a : int32\n---\n-> [nullable] Loop", "Every row would refer to itself"),
            ("a : int32\n---\n-> [nullable] Loop.proj(up='b')", "no attribute 'b'"),
        ],
    )
    def test_what_no_first_row_could_be_is_refused(self, schema, lines, reason):
        """The message says what to write instead; nothing is declared."""
        with pytest.raises(UnknownParentError, match=reason):
            schema(type("Loop", (dj.Manual,), {"definition": lines}))

        assert [] == schema.list_tables()


class TestDescribe:
    def test_is_declared_again_by_what_describes_it(self, schema, Animal):
        """The text names the class, and declares the table anew once it is gone."""
        text, keys = Animal.describe(), Animal.spec.foreign_keys
        Animal.drop(prompt=False)

        again = schema(type("Animal", (dj.Manual,), {"definition": text}))

        assert '-> [nullable] Animal.proj(mother="animal")' == text.splitlines()[2]
        assert set(keys) == set(again.spec.foreign_keys)
        assert text == again.describe()

    def test_without_a_name_it_is_self(self, schema, Animal):
        """The text declares a table of another name that refers to itself, not to the first."""
        text = schema["Animal"].describe()

        plant = schema(type("Plant", (dj.Manual,), {"definition": text}))

        assert '-> [nullable] self.proj(father="animal")' == text.splitlines()[3]
        assert {plant.name} == {key.parent for key in plant.spec.foreign_keys}

    def test_part_is_declared_again_by_what_describes_it(self, schema):
        """Within its master's class, a part that refers to itself is found there."""

        def tree(definition):
            Node = type("Node", (dj.Part,), {"definition": definition})
            return schema(type("Tree", (dj.Manual,), {"definition": "tree : int32", "Node": Node}))

        text = '-> master\nnode : int32\n---\n-> [nullable] master.Node.proj(up="node")'
        first = tree(text).Node
        keys = first.spec.foreign_keys
        assert text == first.describe()
        schema["Tree"].drop(prompt=False)

        again = tree(text).Node

        assert set(keys) == set(again.spec.foreign_keys)


class TestInsert:
    def test_order_within_one_insert_does_not_matter(self, Animal):
        """Rows are inserted after those to which they refer."""
        Animal.insert(FAMILY)

        assert sorted(row["animal"] for row in FAMILY) == Animal.fetch("animal").tolist()

    def test_row_may_refer_to_one_that_was_there(self, Animal):
        """What is not among the given rows is looked for in the table."""
        Animal.insert1({"animal": 1})
        Animal.insert([{"animal": 2, "mother": 1, "father": None}])

        with pytest.raises(IntegrityError):
            Animal.insert1({"animal": 3, "mother": 7})
        assert 2 == len(Animal)

    def test_row_may_refer_to_itself(self, Animal):
        """Though nobody is one's own mother."""
        Animal.insert1({"animal": 1, "mother": 1})

        assert 1 == Animal.delete(prompt=False)


class TestDelete:
    @pytest.fixture(autouse=True)
    def _family(self, Animal, Weight):
        Animal.insert(FAMILY)
        Weight.insert([(n, 1) for n in (1, 4, 9)])

    def test_takes_descendants_of_all_generations(self, Animal, Weight):
        """Children go with either parent, and theirs, with all that depends on them."""
        assert {"Animal": 4, "Weight": 2} == (Animal & {"animal": 1}).delete_plan().counts
        assert 4 == (Animal & "animal = 1").delete(prompt=False)
        assert ([3, 9], [9]) == (Animal.fetch("animal").tolist(), Weight.fetch("animal").tolist())

    def test_of_everything(self, Animal, Weight):
        """All rows go in whatever order they refer to each other."""
        assert 6 == Animal.delete(prompt=False)
        assert 0 == len(Weight)

    def test_of_a_long_line(self, Animal, statements):
        """One statement more for each generation, none for each row."""
        Animal.insert([{"animal": 100 + n, "mother": 99 + n if n else None} for n in range(20)])
        statements.clear()

        assert 20 == (Animal & {"animal": 100}).delete(prompt=False)

        assert len(statements) < 20 * 3 + 10

    def test_within_a_transaction_is_undone_with_it(self, Animal, connection):
        """Also what was emptied before the rows could go."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            (Animal & {"animal": 1}).delete(prompt=False)
            1 / 0

        assert [(4, 2, 3)] == [
            tuple(row.values()) for row in (Animal & "animal = 4").to_dicts("animal", "mother", "father")
        ]

    def test_drop(self, schema, Animal, Weight):
        """A table that refers to itself is dropped with its rows, and its schema too."""
        Animal.drop(prompt=False)
        assert [] == schema.list_tables()

    def test_drop_of_the_schema(self, schema, connection, Animal):
        """A schema with such a table is listed, shown and dropped."""
        assert ["animal", "weight"] == schema.list_tables()

        schema.drop(prompt=False)

        assert schema.name not in connection.list_schemas()


class TestRingOfTables:
    """Two tables that other hands have tied to each other."""

    @pytest.fixture
    def ring(self, schema, connection):
        """Cages with mice, and the best mouse of each cage."""

        @schema
        class Cage(dj.Manual):
            definition = """
            cage : int32
            ---
            best = null : int32
            """

        @schema
        class Mouse(dj.Manual):
            definition = """
            mouse : int32
            ---
            -> Cage
            """

        cage, mouse = (connection.dialect.table(table.name) for table in (Cage, Mouse))
        self.tie(connection, cage, mouse)
        connection.catalogue.forget(schema.name)
        Cage.insert([{"cage": 1}, {"cage": 2}, {"cage": 3}])
        Mouse.insert([(1, 1), (2, 1), (3, 2), (4, 3)])
        Cage.insert([{"cage": 1, "best": 1}, {"cage": 2, "best": 2}, {"cage": 3, "best": 4}], replace=True)
        return schema, Cage, Mouse

    def tie(self, connection, cage, mouse):
        """Add the foreign key that djnb would not declare."""
        if connection.dialect.quote_mark == "`":
            connection.execute(Statement(f"ALTER TABLE {cage} ADD FOREIGN KEY (best) REFERENCES {mouse} (mouse)"))
            return
        connection.execute(Statement(f"DROP TABLE {mouse}"))
        connection.execute(Statement(f"DROP TABLE {cage}"))
        connection.execute(
            Statement(f"CREATE TABLE {cage} (cage INTEGER PRIMARY KEY, best INTEGER REFERENCES {mouse} (mouse))")
        )
        connection.execute(
            Statement(
                f"CREATE TABLE {mouse} (mouse INTEGER PRIMARY KEY, cage INTEGER NOT NULL REFERENCES {cage} (cage) "
                "ON DELETE RESTRICT)"
            )
        )

    def test_is_deleted_from(self, ring):
        """Cage 1 goes with its mice, one of which is the best of cage 2, which goes too, with its mouse."""
        _, Cage, Mouse = ring

        assert {"Cage": 2, "Mouse": 3} == (Cage & {"cage": 1}).delete_plan().counts
        assert 2 == (Cage & {"cage": 1}).delete(prompt=False)
        assert ([3], [4]) == (Cage.fetch("cage").tolist(), Mouse.fetch("mouse").tolist())

    def test_is_listed_and_dropped(self, ring):
        """Such tables are listed by name, and dropped together."""
        schema, Cage, _ = ring

        assert ["cage", "mouse"] == schema.list_tables()
        Cage.drop(prompt=False)
        assert [] == schema.list_tables()

    def test_is_dropped_with_its_schema(self, ring, connection):
        """The schema goes as others do."""
        schema, *_ = ring
        schema.drop(prompt=False)

        assert schema.name not in connection.list_schemas()
