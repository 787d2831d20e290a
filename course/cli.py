"""`course …`: the kit from the command line. Importing is lazy, so that `course --help` answers at once."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from course import arguments, language, stopping
from course.errors import DataError
from course.language import text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a fault of the kit, 2 refused (what and
    why on stderr), 130 interrupted.

    Without `argv` the process is this command, and a signal ends it.
    """
    if argv is None and sys.argv[1:2] == ["lab"]:  # becomes JupyterLab, which hears signals itself
        return _main(sys.argv[1:])
    if argv is None:
        with stopping.ending_the_process():
            return _main(sys.argv[1:])
    return _main(list(argv))


def _main(words: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console that cannot show Chinese shows question marks, not a traceback
            stream.reconfigure(errors="replace")
    language.use(_language(words))
    parser = _parser()
    options, options.further = parser.parse_known_args(words)
    if options.further and options.command is not _lab:
        parser.error(text("unrecognized arguments: {words}", words=" ".join(options.further)))
    try:
        return options.command(options)
    except DataError as error:
        from course import telling

        asked = getattr(error, "lines", None)  # questions say themselves, each with its readings
        lines = asked() if asked else [language.Sentence("Refused: {why}", why=error.sentence)]
        for line in lines:  # whatever a cell, a recipe or a form held, nobody's number is said
            print(telling.struck(line.say()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(stopping.sentence(), file=sys.stderr)
        return stopping.CODE
    except BrokenPipeError:  # the reader has seen enough: course check FILE | head
        sys.stdout = None
        return 0
    except Exception as error:  # nobody foresaw it: it is said, and how to report it
        from course import unforeseen

        code, lines = unforeseen.said(error)
        print("\n".join(line.say() for line in lines), file=sys.stderr)
        return code


def _language(words: list[str]) -> str:
    """--lang before anything else is parsed: help and errors are in the reader's language too."""
    for i, argument in enumerate(words):
        if argument == "--lang" and i + 1 < len(words) and words[i + 1] in language.LANGUAGES:
            return words[i + 1]
        if argument.startswith("--lang=") and argument[7:] in language.LANGUAGES:
            return argument[7:]
    return language.preferred()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description=text("Customer portraits from a company's own exports.")
    )
    commands = parser.add_subparsers(title=text("commands"), metavar="…", required=True)

    run = commands.add_parser(
        "run",
        help=text("exports in, portraits and a report out"),
        epilog=text(
            "What is rarer (tags, key, an explorer to hand on, blank, encoding, date order, memory, Spark) is in "
            "docs/inputs.md, Recipe, and docs/scale.md. Every choice can stand in the recipe that a run writes."
        ),
    )
    run.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help=text("recipe.yaml of an earlier run: the same again, in its place")
    )
    inputs = run.add_argument_group(
        text("tables"), text("Each in the same way: {tables}.", tables=", ".join(arguments.TABLES))
    )
    for name in arguments.TABLES:
        about = text("orders or order lines; several files are one table") if name == "orders" else argparse.SUPPRESS
        inputs.add_argument(f"--{name}", nargs="+", metavar="FILE", help=about)
    run.add_argument("--demo", action="store_true", help=text("Luming, the generated company: no file needed"))
    run.add_argument("--source", choices=["completejourney"], help=argparse.SUPPRESS)
    run.add_argument(
        "--as-of", metavar="DATE", help=text("the day the portraits are of (default: the last valid order)")
    )
    run.add_argument(
        "--previous",
        metavar="DIR",
        help=text("an earlier run: its mapping is used again, and who entered and left each tag is told"),
    )
    run.add_argument("--tags", metavar="FILE", help=argparse.SUPPRESS)
    run.add_argument("--key", metavar="FILE", help=argparse.SUPPRESS)
    run.add_argument(
        "--currency", metavar="CODE", help=text("what money is in, where the files do not say: CNY, EUR, …")
    )
    run.add_argument("--horizon", type=int, metavar="WEEKS", help=text("weeks that forecasts look ahead (default: 52)"))
    run.add_argument("--engine", choices=["duckdb", "spark"], help=argparse.SUPPRESS)
    run.add_argument("--master", metavar="URL", help=argparse.SUPPRESS)
    run.add_argument("--out", metavar="DIR", help=text("the folder to write; it must not exist yet"))
    run.add_argument("--full", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("--explorer", choices=["shared"], help=argparse.SUPPRESS)
    run.add_argument("--memory", metavar="SIZE", help=argparse.SUPPRESS)
    run.add_argument("--temp", metavar="DIR", help=argparse.SUPPRESS)
    _reading_options(run)
    run.set_defaults(command=_run_on_engine)

    check = commands.add_parser("check", help=text("what files hold, what a run would ask and what it could compute"))
    check.add_argument(
        "files", metavar="FILE", nargs="+", help=text("files, folders or patterns such as 'exports/*.csv'")
    )
    _reading_options(check)
    check.set_defaults(command=_check)

    card = commands.add_parser("card", help=text("the portrait of one customer or class, from the result of a run"))
    card.add_argument("folder", metavar="DIR")
    card.add_argument("customer", metavar="CUSTOMER", nargs="?")
    card.add_argument("--segment", metavar="CLASS", help=text("of an RFM class in place of a customer"))
    card.add_argument("--html", metavar="FILE", help=text("write it as a page; the file must not exist yet"))
    card.add_argument("--template", metavar="FILE", help=text("fill this template (HTML, Jinja); see docs/bi.md"))
    card.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    card.set_defaults(command=_card)

    export = commands.add_parser("export", help=text("a result for other programs: BI, a CRM, SPSS and R"))
    export.add_argument("folder", metavar="DIR")
    export.add_argument(
        "--to",
        choices=("long", "tags", "sav"),
        required=True,
        help=text("a tidy table with its dictionary; the tags that a CRM gives and takes; SPSS with labels"),
    )
    export.add_argument(
        "--previous", metavar="DIR", help=text("of tags: an earlier result; only what changed since is listed")
    )
    export.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    export.set_defaults(command=_export)

    explore = commands.add_parser("explore", help=text("open the explorer of a result: filter, compare, look up"))
    explore.add_argument("folder", metavar="DIR")
    explore.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    explore.set_defaults(command=_explore)

    alert = commands.add_parser("alert", help=text("whom to call before they leave, from the result of a run"))
    alert.add_argument("folder", metavar="DIR")
    alert.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    alert.set_defaults(command=_alert)

    forget = commands.add_parser("forget", help=text("erase customers from the result of a run"))
    forget.add_argument("folder", metavar="DIR")
    forget.add_argument("customers", metavar="CUSTOMER", nargs="+")
    forget.add_argument(
        "--key", metavar="FILE", help=text("the key of the pseudonyms: a person is found by the number it replaced")
    )
    forget.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    forget.set_defaults(command=_forget)

    luming = commands.add_parser("company", help=text("generate a company whose truth is known"))
    luming.add_argument("--seed", type=int, help=text("another number, another company"))
    luming.add_argument("--customers", type=int, metavar="N")
    luming.add_argument("--out", metavar="DIR", required=True, help=text("the folder to write; it must not exist yet"))
    luming.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    luming.set_defaults(command=_company)

    score = commands.add_parser("score", help=text("what the workflow recovers of a company whose truth is known"))
    score.add_argument("--seeds", type=int, metavar="N", help=text("so many companies, and the spread over them"))
    score.add_argument("--customers", type=int, metavar="N", help=text("customers of each of them (default: 2000)"))
    score.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    score.set_defaults(command=_score)

    build = commands.add_parser("build", help=text("lessons into notebooks and solutions"))
    build.add_argument("lessons", metavar="LESSON", nargs="*", help=text("such as 07 or segment; default: all"))
    build.add_argument("--check", action="store_true", help=text("only say what is wrong or stale"))
    build.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    build.set_defaults(command=_build)

    site = commands.add_parser("site", help=text("the lessons as pages to read, in both languages"))
    site.add_argument("--out", metavar="DIR", required=True, help=text("the folder to write; it must not exist yet"))
    site.add_argument("--report", metavar="DIR", help=text("a result whose report and explorer the home leads to"))
    site.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    site.set_defaults(command=_site)

    paper = commands.add_parser("paper", help=text("the lessons as handbook, guide, cards and slides"))
    paper.add_argument("--out", metavar="DIR", required=True, help=text("the folder to write; it must not exist yet"))
    paper.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    paper.set_defaults(command=_paper)

    lab = commands.add_parser(
        "lab", help=text("open the lessons in JupyterLab, which further options go to"), allow_abbrev=False
    )
    lab.add_argument("--lang", choices=language.LANGUAGES, help=text("in this language (remembered)"))
    lab.set_defaults(command=_lab)

    reset = commands.add_parser("reset", help=text("a fresh copy of a lesson; yours is kept as a backup"))
    reset.add_argument("lesson", metavar="LESSON", help=text("the lesson's number, such as 07"))
    reset.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    reset.set_defaults(command=_reset)

    board = commands.add_parser("board", help=text("a class on one page, from the codes that save() gives"))
    board.add_argument("source", metavar="FOLDER|FILE", help=text("text files of codes, a line a seat"))
    board.add_argument("--out", metavar="FILE", required=True, help=text("the page to write (.html)"))
    board.add_argument("--watch", type=int, metavar="SECONDS", help=text("write it again every so many seconds"))
    board.add_argument(
        "--manager", action="store_true", help=text("of the class as a whole, for the manager who paid for the course")
    )
    board.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    board.set_defaults(command=_board)

    doctor = commands.add_parser("doctor", help=text("is this machine ready for the lessons?"))
    doctor.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    doctor.add_argument(
        "--class",
        action="store_true",
        dest="of_class",
        help=text("the day before a class: browser, network, a lesson's first picture, and a line to collect"),
    )
    doctor.set_defaults(command=_doctor)

    pack = commands.add_parser("pack", help=text("a folder to hand to a class, which starts by double click"))
    pack.add_argument("--offline", action="store_true", help=text("with all packages: no network is needed in class"))
    pack.add_argument(
        "--platform",
        nargs="+",
        choices=("win", "mac", "linux"),
        metavar="SYSTEM",
        help=text("win, mac, linux: the systems of the class (default: this one's)"),
    )
    pack.add_argument("--python", metavar="3.N", help=text("the version of Python of the class (default: this one's)"))
    pack.add_argument("--out", metavar="DIR", default="class-kit", help=text("the folder to write; a ZIP comes beside"))
    pack.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    pack.set_defaults(command=_pack)

    columns = commands.add_parser("columns", help=text("the columns of the portraits, with unit and definition"))
    columns.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    columns.set_defaults(command=_columns)
    return parser


def _reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="KEY=COLUMN",
        help=text("COLUMN of the file is KEY (without a header: its position, 1, 2, …)"),
    )
    parser.add_argument("--form", metavar="FILE", help=text("forms of your own beside the kit's (YAML)"))
    parser.add_argument("--blank", action="append", default=[], metavar="COLUMN=VALUE", help=argparse.SUPPRESS)
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=text("the answer to a question that an earlier run asked"),
    )
    parser.add_argument(
        "--provisional", action="store_true", help=text("where something is open, take the likelier reading and say so")
    )
    parser.add_argument("--query", metavar="SQL", help=argparse.SUPPRESS)
    parser.add_argument("--encoding", help=argparse.SUPPRESS)
    parser.add_argument("--date-order", choices=["dmy", "mdy"], help=argparse.SUPPRESS)
    parser.add_argument("--lang", choices=language.LANGUAGES, help=text("language of messages, workbook and report"))


def _run_on_engine(options: argparse.Namespace) -> int:
    chosen = options.engine or os.environ.get("COURSE_ENGINE") or "duckdb"
    if chosen not in ("duckdb", "spark"):
        raise DataError("COURSE_ENGINE is {engine}; it may be duckdb or spark.", engine=chosen)
    if chosen == "duckdb":
        if options.master:
            raise DataError("--master is of Spark: write --engine spark too.")
        return _run(options)
    from course import engine
    from course.engine import spark

    _tell(language.Sentence("Starting Spark on {master}", master=options.master or spark.LOCAL))
    with spark.session(options.master) as cluster, engine.answered_by(cluster):
        code = _run(options)
    print(
        text(
            "Spark answered {n:,} {n:statement|statements}, DuckDB {left:,} that Spark reads differently.",
            n=cluster.answered,
            left=cluster.left,
        )
    )
    return code


def _run(options: argparse.Namespace) -> int:
    recipe = arguments.choices(options)
    if not recipe.inputs and not recipe.source:
        raise DataError("No table was named. The simplest run: course run --orders FILE --out DIR.")
    out = arguments.folder(options, recipe)
    mapping, answers = arguments.mapping(options.map), arguments.answers(options.answer)
    _tell(language.Sentence("Reading"))
    from course import engine

    with engine.limited(options.memory, options.temp):
        return _made(options, recipe, out, mapping, answers)


def _made(options: argparse.Namespace, recipe: object, out: Path | None, mapping: dict, answers: dict) -> int:
    """The run itself: read, work, write, say what came of it."""
    from course import clv, collect, report, workflow

    place = workflow.last(out) if arguments.takes_place(options, recipe, out) else None
    if place is None:
        report.refuse_used(out)  # before the work, not after it
    files = dict(recipe.inputs)
    if recipe.source == "completejourney":
        from course.collect import completejourney

        files = completejourney.sources() | files
    kept = collect.Kept(collect.kept.beside(out), options.full) if options.recipe else None
    previous = None
    compared = workflow.last(options.previous, named=True) if options.previous else place
    if options.previous:
        from course.result import mappings

        previous = mappings(options.previous)
    if recipe.source == "demo":
        from course import demo

        tables = demo.tables(progress=_tell, currency=recipe.currency or demo.CURRENCY)
        recipe.company = recipe.company or demo.COMPANY
    else:
        tables = collect.gather(
            collect.with_query(files, recipe.query),
            mapping,
            previous=previous,
            blanks=recipe.blanks,
            encoding=recipe.encoding,
            date_order=recipe.date_order,
            answers=answers,
            provisional=recipe.provisional,
            form=recipe.form,
            currency=recipe.currency,
            recipe=recipe,
            kept=kept,
            stored=True,
        )
    for kind, table in tables.items():
        _show_mapping(kind, table)
    key = _key(recipe.key, workflow.personal(tables), must_exist=not options.key)
    result = workflow.run(
        tables,
        options.as_of,
        previous=compared,
        runs=(place or compared).runs if compared else (),
        key=key,
        everybody=recipe.key is not None or workflow.named(tables),
        tags=recipe.tags,
        horizon=clv.HORIZON if recipe.horizon is None else recipe.horizon,
        progress=_tell,
    )
    result.parameters = {
        "as_of": options.as_of,
        "horizon": result.horizon,
        "map": mapping,
        "blank": recipe.blanks,
        "encoding": recipe.encoding,
        "date_order": recipe.date_order,
        "source": recipe.source,
        "tags": Path(recipe.tags).name if recipe.tags else None,
        "pseudonyms": key is not None,
        "explorer": recipe.explorer,
        "labels": recipe.labels,
    }
    recipe.answers |= answers
    recipe.horizon = result.horizon
    result.recipe = recipe
    _tell(language.Sentence("Writing"))
    lines = report.write(result, out, language.active(), _truths(recipe, result), place)
    for line in [*lines, *(note.say() for note in result.notes)]:
        print(line)
    if result.previous is not None:
        print(_compared(result, compared))
    if kept is not None and key is not None:  # it would hold the numbers that the pseudonyms replace
        collect.kept.forget(out)
    elif kept is not None:
        kept.settle()
        if kept.read < kept.files:
            print(_taken(kept))
    print(text("Written: {out}", out=out / "report.html"))
    if recipe.source == "demo" and _somebody_looks():
        import webbrowser

        webbrowser.open((out / "report.html").resolve().as_uri())
    return 0


def _compared(result: object, earlier: object) -> str:
    """What the run was compared with."""
    if result.since is None:
        return text("Compared with the earlier result in {folder}.", folder=earlier.folder.name)
    return text("Compared with the result of {day} in {folder}.", day=result.since.date(), folder=earlier.folder.name)


def _taken(kept: object) -> str:
    """How much of the tables was read, where not all of it was."""
    return text(
        "Read now: {read:,} of {files:,} files, {read_rows:,} of {rows:,} rows. The others have not changed since the "
        "last run; --full reads all of them.",
        read=kept.read,
        files=kept.files,
        read_rows=kept.read_rows,
        rows=kept.rows,
    )


def _somebody_looks() -> bool:
    """True where a person started the command, and a browser can open beside the terminal."""
    has_screen = sys.platform in ("win32", "darwin") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))
    return sys.stdout.isatty() and has_screen


def _truths(recipe: object, result: object) -> list:
    """What is true of the headlines: of the demo's company it is known, of no other."""
    if recipe.source != "demo":
        return []
    from course import seal

    return seal.truths(result)


def _key(file: str | None, personal: bool, must_exist: bool = False) -> bytes | None:
    """The key of pseudonyms: of the file named, else of the reader's own where customer numbers would tell a person.

    Raises
    ------
    DataError : the key file of a recipe is gone; a new one would give everybody another pseudonym.
    """
    if file is None and not personal:
        return None
    from course.identity import key_file

    path = Path(file) if file else key_file.default()
    if file and must_exist and not path.exists():
        raise DataError("The key file {file} of the recipe is not there. Say where it is: --key FILE.", file=path.name)
    key = key_file.read_or_make(path)
    if file is None:
        _tell(
            language.Sentence(
                "Customer numbers tell who somebody is: pseudonyms replace them, under the key {path}", path=path
            )
        )
    return key


def _tell(sentence: language.Sentence) -> None:
    print(sentence.say() + " …", file=sys.stderr, flush=True)


def _show_mapping(kind: str, table) -> None:
    pairs = ", ".join(f"{name} ← {column}" for name, column in table.mapping.items())
    print(f"  {kind}: {pairs}", file=sys.stderr)


def _check(options: argparse.Namespace) -> int:
    from course import collect, workflow

    found = workflow.look(
        collect.with_query({"": options.files}, options.query)[""],
        arguments.mapping(options.map),
        blanks=arguments.blanks(options.blank),
        encoding=options.encoding,
        date_order=options.date_order,
        answers=arguments.answers(options.answer),
        form=options.form,
    )
    for line in found.lines:
        print(line.say())
    for error in found.unread:
        print(text("Refused: {why}", why=error.sentence), file=sys.stderr)
    return 2 if found.unread else 0


def _card(options: argparse.Namespace) -> int:
    from course.report import cards

    if (options.customer is None) == (options.segment is None):
        raise DataError("A card is of one customer, or with --segment of one class.")
    out = Path(options.html) if options.html else None
    if out is not None and out.exists():
        raise DataError("{out} exists already. Name another file, or remove this one first.", out=out.name)
    folder, lang = options.folder, language.active()
    with cards.named(folder):
        of = cards.customer(folder, options.customer) if options.customer else cards.segment(folder, options.segment)
        if options.template:
            written = cards.filled(of, folder, options.template, lang)
        else:
            written = of.text() if out is None else cards.page(of, folder, lang)
    if out is None:
        print(written)
        return 0
    try:
        out.write_text(written, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError("{out} cannot be written ({why}).", out=out.name, why=error.strerror) from None
    print(text("Written: {out}", out=out))
    return 0


def _export(options: argparse.Namespace) -> int:
    from course import report

    if options.previous and options.to != "tags":
        raise DataError("--previous goes with --to tags: nothing else is told as a change.")
    for name in report.export(options.folder, options.to, options.previous):
        print(text("Written: {out}", out=Path(options.folder) / name))
    return 0


def _explore(options: argparse.Namespace) -> int:
    import webbrowser

    from course import result

    result.explorer(options.folder)  # refuses what is none
    page = (Path(options.folder) / "explorer.html").resolve()
    webbrowser.open(f"{page.as_uri()}#lang={language.active()}")
    print(text("The explorer: {page}", page=page))
    return 0


def _alert(options: argparse.Namespace) -> int:
    from course import result

    told = result.ledger(options.folder)["findings"].get("actions", ())
    call = next((action for action in told if action["key"] == "call"), None)
    if call is None:
        raise DataError("{folder} names nobody to call; its report says why.", folder=Path(options.folder).name)
    rows = result.actions(options.folder)
    rows = rows[rows["key"] == "call"]
    print(f"{call['sentence'][language.active()]}\n{call['evidence'][language.active()]}\n")
    for row in rows[rows["arm"] == "act"].itertuples():
        print(f"{row.rank:>4}  {row.customer_id}  {row.why}")
    out = int((rows["arm"] != "act").sum())
    if out:
        print(text("\n{n} more are left out by lot; all stand in {file}.", n=out, file=call["file"]))
    return 0


def _forget(options: argparse.Namespace) -> int:
    from course import report
    from course.identity import key_file

    path = Path(options.key) if options.key else key_file.default()
    if options.key and not path.exists():
        raise DataError("{file} does not exist. Check the path and the spelling.", file=path.name)
    key = key_file.read_or_make(path) if path.exists() else None
    found = report.forget(options.folder, options.customers, key=key)
    print(
        text("Erased: {n:,} {n:number|numbers} of {people} asked for.", n=len(found.ids), people=len(options.customers))
    )
    if found.foreign:
        files = ", ".join(found.foreign)
        print(text("Not written by a run, and left as they are: {files}. Look whether they name anybody.", files=files))
    return 0


def _company(options: argparse.Namespace) -> int:
    from course import company

    seed = company.SEED if options.seed is None else options.seed
    company.write(seed, options.customers or company.CUSTOMERS, options.out, _tell)
    print(text("Written: {out}", out=Path(options.out) / "README.md"))
    return 0


def _score(options: argparse.Namespace) -> int:
    import tempfile

    import pandas as pd

    from course import score

    if options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            found = score.spread(options.seeds, options.customers or 2000, Path(folder), _tell)
    else:
        found = score.score(progress=_tell)
    with pd.option_context(
        "display.width", None, "display.max_colwidth", None, "display.float_format", "{:,.3f}".format
    ):
        print(found.to_string(index=False, na_rep="–"))
    return 0


def _build(options: argparse.Namespace) -> int:
    from course import places

    if not places.is_checkout():
        raise DataError("Lessons are built in the kit's own folder; this is an installed package.")
    from course import authoring

    root = places.ROOT
    try:
        if options.check:
            found = authoring.stale(root)
            for error in found:
                print(error)
            return 1 if found else 0
        for path in authoring.build(root, options.lessons, progress=_tell):
            print(path.relative_to(root).as_posix())
        return 0
    except authoring.LessonError as error:
        print(error, file=sys.stderr)
        return 1


def _site(options: argparse.Namespace) -> int:
    from course.authoring import site

    out = Path(options.out)
    site.build(Path(__file__).resolve().parents[1], out, Path(options.report) if options.report else None)
    print(text("Written: {out}", out=out / "index.html"))
    return 0


def _paper(options: argparse.Namespace) -> int:
    from course.authoring import paper

    paper.build(Path(__file__).resolve().parents[1], Path(options.out))
    print(text("Written: {out}", out=options.out))
    return 0


def _lab(options: argparse.Namespace) -> int:
    from course.hub import starting

    return starting.start(options.further, options.lang, _say)


def _reset(options: argparse.Namespace) -> int:
    from course.hub import copies

    copies.reset(options.lesson, _say)
    return 0


def _say(sentence: language.Sentence) -> None:
    print(sentence.say(), flush=True)


def _board(options: argparse.Namespace) -> int:
    import time

    from course.classroom import board, manager

    if options.watch is not None and not 1 <= options.watch <= 3600:
        raise DataError("--watch takes 1 to 3600 seconds.")
    lang, out = language.active(), Path(options.out)
    while True:
        found = board.gather(options.source)
        if options.manager:
            written = manager.page(found, options.source, lang)
        else:
            written = board.page(found, lang, options.watch)
        board.write(written, out)
        print(text("Written: {out}", out=out), flush=True)
        if options.watch is None:
            return 0
        time.sleep(options.watch)


def _doctor(options: argparse.Namespace) -> int:
    from course.doctor import collected, doctor

    lines = doctor(options.of_class)
    for what, good, found in lines:
        print("✓" if good else "✗", text("{what}: {found}", what=what, found=found))
    if options.of_class:
        print("\n" + text("For your instructor:"), collected(lines), sep="\n")
    return 0 if all(good for _, good, _ in lines) else 1


def _pack(options: argparse.Namespace) -> int:
    from course import pack

    here = {"win32": "win", "darwin": "mac"}.get(sys.platform, "linux")
    systems = list(dict.fromkeys(options.platform or [here]))
    archive, size = pack.write(
        Path(options.out), systems, python=options.python, offline=options.offline, progress=_tell
    )
    print(text("Written: {out}", out=Path(options.out)))
    print(text("Written: {out} ({size:,.0f} MB). Hand out the ZIP.", out=archive, size=size / 1e6))
    return 0


def _columns(options: argparse.Namespace) -> int:
    from course import workflow

    lang = language.active()
    definition = workflow.portrait_columns()
    units = definition["units"]
    head = (text("column"), text("name"), text("unit"), text("definition"))
    print("| " + " | ".join(head) + " |\n|---|---|---|---|")
    for column in definition["columns"]:
        label, meaning = column[lang]
        print(f"| `{column['name']}` | {label} | {units[column['unit']][lang]} | {meaning} |")
    return 0
