"""What a statement is about to do, by its text."""

from __future__ import annotations

import pytest

from djnb.model.naming import TableName
from djnb.sql.intent import Intent, intent_of, is_moody, is_volatile, table_filled, tables_read


class TestIntent:
    @pytest.mark.parametrize(
        ("sql", "intent"),
        [
            ("SELECT 1", Intent.READS),
            ("\n  select a from b", Intent.READS),
            ("-- why\nSELECT 1", Intent.READS),
            ("/* why */ SELECT 1", Intent.READS),
            ("(SELECT 1) UNION (SELECT 2)", Intent.READS),
            ("WITH a AS (SELECT 1) SELECT REPLACE(x, 'a', 'b') FROM a", Intent.READS),
            ("SELECT 'for update', `for update` FROM a", Intent.READS),
            ("SELECT a FROM b FOR UPDATE", Intent.WRITES),
            ("SELECT a FROM b LOCK IN SHARE MODE", Intent.WRITES),
            ("SELECT a INTO @x FROM b", Intent.WRITES),
            ("WITH a AS (SELECT 1) DELETE FROM b", Intent.WRITES),
            ("INSERT INTO a VALUES (1)", Intent.WRITES),
            ("SAVEPOINT a", Intent.WRITES),
            ("ROLLBACK TO SAVEPOINT a", Intent.WRITES),
            ("CREATE TEMPORARY TABLE a (b int)", Intent.WRITES),
            ("SHOW TABLES", Intent.LOOKS),
            ("PRAGMA page_count", Intent.LOOKS),
            ("SET @a = 1", Intent.LOOKS),
            ("SET autocommit = 0", Intent.ENDS),
            ("COMMIT", Intent.ENDS),
            ("start transaction", Intent.ENDS),
            ("ROLLBACK", Intent.ENDS),
            ("CREATE TABLE a (b int)", Intent.ENDS),
            ("TRUNCATE a", Intent.ENDS),
        ],
    )
    def test_is_told_by_the_words(self, sql, intent):
        """Quoted texts, names and comments say nothing about it."""
        assert intent == intent_of(sql)


class TestVolatile:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT NOW()",
            "SELECT a FROM b WHERE t > CURRENT_TIMESTAMP",
            "SELECT mysql_rand()",
            "SELECT uuid ()",
            "SELECT CONNECTION_ID()",
            "SELECT date('now')",
            "SELECT @@server_id",
            "SELECT table_name FROM information_schema.tables",
            "SELECT LAST_INSERT_ID()",
        ],
    )
    def test_answers_differently_each_time(self, sql):
        """Times, random numbers, and what concerns the connection."""
        assert is_volatile(sql)

    @pytest.mark.parametrize("sql", ["SELECT `now` FROM `rand`.`uuid`", "SELECT 'now()'", "SELECT date(day) FROM a"])
    def test_names_and_texts_are_not(self, sql):
        """A column may be called `now`."""
        assert not is_volatile(sql)

    def test_number_of_the_last_row_follows_from_what_was_written(self):
        """Unlike the time of day, it must be as it was when the same is written again."""
        assert (True, False) == (is_moody("SELECT NOW()"), is_moody("SELECT LAST_INSERT_ID()"))


class TestTables:
    def test_are_those_after_from_and_join(self):
        """As both databases name them."""
        on_server = "SELECT `t1`.`a` FROM `lab`.`#rig` AS `t1` JOIN (`lab`.`session` AS `t2`) WHERE `t1`.`a` = `t2`.`a`"

        assert (TableName("lab", "#rig"), TableName("lab", "session")) == tables_read(on_server)
        assert (TableName("lab", "__seen"),) == tables_read('SELECT count(*) FROM "lab.__seen" AS "t1"')


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO `lab`.`__result` (`a`, `b c`) VALUES (%s, %s)", "__result"),
        ('INSERT INTO "lab.__result" ("a") VALUES (?)', "__result"),
        ('INSERT INTO "lab.__result" ("a") VALUES (?) ON CONFLICT DO NOTHING', None),
        ("INSERT INTO `lab`.`__result` (`a`) VALUES (%s) ON DUPLICATE KEY UPDATE `a` = `a`", None),
        ("INSERT INTO `lab`.`__result` (`a`) SELECT `a` FROM `lab`.`other`", None),
        ("INSERT IGNORE INTO `lab`.`__result` (`a`) VALUES (%s)", None),
        ("REPLACE INTO `lab`.`__result` (`a`) VALUES (%s)", None),
        ("INSERT INTO `lab`.`__result` (`a`) VALUES (now())", None),
        ('INSERT INTO "lab.__result" ("a") VALUES (?) RETURNING "a"', None),
    ],
)
def test_table_filled_is_that_of_a_plain_insert(sql, table):
    """Of which nothing but its rows, or an error, can come."""
    assert table_filled(sql) == (table and TableName("lab", table))
