"""Diagrams: which tables, and the picture of them as text."""

from __future__ import annotations

import sys
import types
from xml.etree import ElementTree as ET

import pytest

import djnb as dj
from djnb.diagram import render
from djnb.errors import MissingProgramError, OperandError
from tests.conftest import absent


@pytest.fixture
def pipeline(schema):
    """A pipeline with every tier and every kind of foreign key, as a module."""
    module = types.ModuleType("pipeline_of_test")
    module.schema = schema

    @schema
    class Subject(dj.Manual):
        definition = """
        # who was recorded <"and" more>
        subject : int32
        """

    @schema
    class Method(dj.Lookup):
        definition = "method : int32"

    @schema
    class Scan(dj.Imported):
        definition = """
        -> Subject
        ---
        -> Method
        """

    @schema
    class Cells(dj.Computed):
        definition = """
        -> Scan
        -> Method.proj(by="method")
        """

        class Cell(dj.Part):
            definition = """
            -> master
            cell : int32
            """

    @schema
    class Quality(dj.Computed):
        definition = "-> Cells.Cell"

    for each in (Subject, Method, Scan, Cells, Quality):
        setattr(module, each.__name__, each)
    return module


def names(diagram):
    return {table.class_name for table in diagram.tables}


@pytest.fixture
def needs_dot():
    if not render.can_draw():
        absent("No pictures: graphviz's program dot not found", "DJNB_TEST_REQUIRE_GRAPHVIZ")


class TestSets:
    def test_schema_has_all_its_tables_parents_first(self, pipeline):
        """A diagram of a schema has its tables and their parts, in the order of their dependencies."""
        assert ["Method", "Subject", "Scan", "Cells", "Cells.Cell", "Quality"] == [
            table.class_name for table in dj.Diagram(pipeline.schema).tables
        ]

    def test_table_has_itself(self, pipeline):
        """A diagram of one table begins with it alone, given as a class or as an instance."""
        assert {"Scan"} == names(dj.Diagram(pipeline.Scan)) == names(dj.Diagram(pipeline.Scan()))

    def test_module_has_the_tables_of_its_schema(self, pipeline, monkeypatch):
        """A module, or its name, stands for its schema."""
        monkeypatch.setitem(sys.modules, pipeline.__name__, pipeline)

        assert 6 == len(dj.Diagram(pipeline)) == len(dj.Diagram(pipeline.__name__))

    @pytest.mark.parametrize(
        ("widened", "expected"),
        [
            (lambda d: d + 1, {"Scan", "Cells"}),
            (lambda d: d + 2, {"Scan", "Cells", "Cells.Cell"}),
            (lambda d: d + 99, {"Scan", "Cells", "Cells.Cell", "Quality"}),
            (lambda d: d - 1, {"Scan", "Subject", "Method"}),
            (lambda d: d + 1 - 1, {"Scan", "Cells", "Subject", "Method"}),
            (lambda d: d + 0, {"Scan"}),
        ],
    )
    def test_numbers_widen_it(self, pipeline, widened, expected):
        """`+ n` adds what is n foreign keys below, `- n` what is n above."""
        assert expected == names(widened(dj.Diagram(pipeline.Scan)))

    def test_diagrams_combine_as_sets(self, pipeline):
        """`+` is the union, `-` the difference, `*` the intersection; the operands stay as they are."""
        whole, scan, cells = (dj.Diagram(each) for each in (pipeline.schema, pipeline.Scan, pipeline.Cells))

        assert {"Scan", "Cells"} == names(scan + cells) == names(dj.Diagram.from_sequence([scan, cells]))
        assert {"Scan"} == names((scan + cells) - cells)
        assert {"Cells"} == names((scan + cells) * (cells + 1))
        assert 5 == len(whole - scan)
        assert whole * scan == scan
        assert {"Scan"} == names(scan)

    def test_parts_are_added_to_their_masters(self, pipeline):
        """`add_parts` completes the masters of a diagram."""
        assert {"Cells", "Cells.Cell"} == names(dj.Diagram(pipeline.Cells).add_parts())

    def test_other_schemas_are_reached(self, pipeline, connection, schema):
        """Widening goes on through other schemas, which are drawn as groups."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        class Review(dj.Manual):
            definition = "-> Quality"

        other(Review, context={"Quality": pipeline.Quality})

        Review = other(Review, context={"Quality": pipeline.Quality})
        diagram = dj.Diagram(pipeline.Quality) + 1

        assert {"Quality", "Review"} == names(diagram)
        assert f">{other.name}<" in diagram.make_dot()
        assert f'["{other.name}"]' in diagram.make_mermaid()

    def test_what_has_no_tables_is_refused(self, pipeline):
        """A diagram of a number, and diagrams of two databases, are refused."""
        with pytest.raises(OperandError, match="cannot be made from 3"):
            dj.Diagram(3)
        with pytest.raises(OperandError, match="no schema and no tables"):
            dj.Diagram(types.ModuleType("empty"))
        elsewhere = dj.Schema("other", connection=dj.Connection("sqlite:///other.sqlite"))
        with pytest.raises(OperandError, match="two connections"):
            dj.Diagram(pipeline.schema) + dj.Diagram(elsewhere)
        elsewhere.connection.close()

    def test_a_picture_takes_one_statement_for_known_schemas(self, pipeline, statements):
        """All foreign keys come at once, and what the connection knows of tables is not asked again."""
        diagram = dj.Diagram(pipeline.Scan) - 1
        pipeline.Scan.heading
        statements.clear()

        diagram.make_dot()
        diagram.make_mermaid()

        assert [] == statements


class TestPictures:
    def test_bonds_are_told_apart(self, pipeline):
        """A foreign key is the whole primary key, in it, or outside of it; renamed attributes are said."""
        edges = {
            (e.parent.class_name, e.child.class_name): (e.bond.name, e.renamed)
            for e in dj.Diagram(pipeline.schema).unfold().picture().edges
        }

        assert {
            ("Subject", "Scan"): ("ONE_TO_ONE", ()),
            ("Method", "Scan"): ("SECONDARY", ()),
            ("Scan", "Cells"): ("IN_KEY", ()),
            ("Method", "Cells"): ("IN_KEY", (("by", "method"),)),
            ("Cells", "Cells.Cell"): ("IN_KEY", ()),
            ("Cells.Cell", "Quality"): ("ONE_TO_ONE", ()),
        } == edges

    def test_text_names_tables_tiers_and_parents(self, pipeline):
        """The plain picture reads without a browser."""
        assert [
            pipeline.schema.name,
            "  Method            Lookup",
            "  Subject           Manual",
            "  └─ Scan           Imported  <- Method",
            "     └─ Cells       Computed  + Cell  <- Method as by",
            "        └─ Quality  Computed  <- Cells.Cell",
        ] == str(dj.Diagram(pipeline)).splitlines()

    def test_parts_are_drawn_on_request(self, pipeline):
        """`unfold` draws the parts as nodes of their own, all of them or those of a master; `fold` takes it back."""
        whole = dj.Diagram(pipeline)
        folded = {node.label for node in whole.picture().nodes}

        assert {"Subject", "Method", "Scan", "Cells", "Quality"} == folded
        assert {*folded, "Cells.Cell"} == {node.label for node in whole.unfold().picture().nodes}
        assert {*folded, "Cells.Cell"} == {node.label for node in whole.unfold(pipeline.Cells).picture().nodes}
        assert folded == {node.label for node in whole.unfold(pipeline.Scan).picture().nodes}
        assert folded == {node.label for node in whole.unfold().fold().picture().nodes}
        assert ["Cells.Cell"] == [node.label for node in dj.Diagram(pipeline.Cells.Cell).picture().nodes]

    def test_foreign_key_to_a_folded_part_names_it(self, pipeline):
        """What refers to a part refers to its master's node, and the line says to which part."""
        edges = {(e.parent.class_name, e.child.class_name): e.label for e in dj.Diagram(pipeline).picture().edges}

        assert "Cell" == edges["Cells", "Quality"]

    def test_schemas_collapse_to_a_node_each(self, pipeline, connection, schema):
        """`collapse` draws one node for a schema; together with tables of it, these are drawn."""
        other = dj.Schema(schema.name + "_c", connection=connection)

        class Review(dj.Manual):
            definition = "-> Quality"

        Review = other(Review, context={"Quality": pipeline.Quality})
        both = dj.Diagram(pipeline) + dj.Diagram(other)
        mixed = dj.Diagram(pipeline).collapse() + dj.Diagram(pipeline.Scan) + dj.Diagram(Review)

        assert [(schema.name, 6), (other.name, 1)] == [
            (node.label, len(node.tables)) for node in both.collapse().picture().nodes
        ]
        assert {schema.name, "Scan", "Review"} == {node.label for node in mixed.picture().nodes}
        assert both == both.collapse()
        assert 6 == len(both.collapse().expand().picture().nodes)

    @pytest.mark.parametrize("engine", ["dot", "layered"])
    def test_svg_is_well_formed_and_names_every_table(self, pipeline, engine, request):
        """By graphviz or without, whatever is in a comment, the SVG can stand within a page and is read out."""
        if engine == "dot":
            request.getfixturevalue("needs_dot")
        with dj.config.override(display__diagram_engine=engine):
            svg = dj.Diagram(pipeline).make_svg()
            again = dj.Diagram(pipeline).svg_string()
        root = ET.fromstring(svg)
        texts = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
        titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]

        assert svg.startswith("<svg")
        assert svg == svg._repr_svg_() == again
        assert {"Subject", "Method", "Scan", "Cells", "+ Cell", "Quality", "by"} <= texts
        assert ("img", f"Diagram of 6 tables of {pipeline.schema.name}") == (root.get("role"), root.get("aria-label"))
        assert f'{pipeline.schema.name}.Subject (Manual): who was recorded <"and" more>' in titles

    def test_notebook_shows_svg(self, pipeline, monkeypatch):
        """A diagram alone in a cell is a picture, with graphviz and without, and text where pictures cannot be."""
        monkeypatch.setenv("PATH", "")
        bundle = dj.Diagram(pipeline)._repr_mimebundle_()

        assert {"text/plain", "image/svg+xml"} == set(bundle)
        assert bundle["text/plain"] == str(dj.Diagram(pipeline))

    def test_mermaid_shows_itself(self, pipeline):
        """On request it is Mermaid, which JupyterLab draws."""
        shown = dj.Diagram(pipeline).mermaid()

        assert shown == dj.Diagram(pipeline).make_mermaid()
        assert {"text/vnd.mermaid", "text/plain"} == set(shown._repr_mimebundle_())

    def test_what_needs_graphviz_says_so(self, pipeline, monkeypatch, tmp_path):
        """Without `dot` there is no PNG; the error says what to install and what else there is, and leaves no file."""
        monkeypatch.setenv("PATH", "")
        diagram = dj.Diagram(pipeline)

        with pytest.raises(MissingProgramError, match=r"PNG needs .*Install graphviz .*\.svg.*\.mmd"):
            diagram.save("a.png")
        with dj.config.override(display__diagram_engine="dot"), pytest.raises(MissingProgramError, match="SVG needs"):
            diagram.make_svg()
        assert [] == list(tmp_path.glob("a.*"))

    def test_table_that_refers_to_itself_says_by_what(self, schema):
        """A reference of a table to itself is written into its node."""

        @schema
        class Animal(dj.Manual):
            definition = """
            animal : int32
            ---
            -> [nullable] Animal.proj(mother="animal")
            """

        assert "↺ mother" in str(dj.Diagram(Animal))

    def test_direction_is_a_setting(self, pipeline):
        """`config.display.diagram_direction` turns it."""
        with dj.config.override(display__diagram_direction="TB"):
            diagram = dj.Diagram(pipeline)

            assert "rankdir=TB" in diagram.make_dot()
            assert "flowchart TB" in diagram.make_mermaid()

    def test_files_have_the_format_of_their_name(self, pipeline, tmp_path, needs_dot):
        """`save` writes what the name's end says."""
        diagram = dj.Diagram(pipeline)
        for name in ("a.svg", "a.png", "a.dot", "a.mmd", "a.txt"):
            diagram.save(tmp_path / name)
        diagram.save(tmp_path / "b", format="svg")
        begin = {file.name: file.read_bytes()[:8] for file in tmp_path.iterdir() if file.name != "test.sqlite"}

        assert b"\x89PNG\r\n\x1a\n" == begin["a.png"]
        assert (b"digraph ", b"flowchar") == (begin["a.dot"], begin["a.mmd"])
        assert "<svg" in (tmp_path / "a.svg").read_text()
        assert (tmp_path / "a.svg").read_text() == (tmp_path / "b").read_text()

    def test_unknown_format_is_refused(self, pipeline, tmp_path):
        """A name whose end says nothing is refused, with what there is."""
        with pytest.raises(OperandError, match=r"saved as '\.bmp'.*\.png, \.pdf, \.svg"):
            dj.Diagram(pipeline).save(tmp_path / "a.bmp")
