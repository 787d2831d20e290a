"""`course …`: the kit from the command line. Importing is lazy, so that `course --help` answers at once."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course import language
from course.errors import DataError
from course.language import text

_TABLES = ("orders", "lines", "customers", "events", "surveys", "tickets", "posts", "campaigns")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 2 refused (what and why on stderr), 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console that cannot show Chinese shows question marks, not a traceback
            stream.reconfigure(errors="replace")
    language.use(_language(arguments))
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except DataError as error:
        asked = getattr(error, "lines", None)  # questions say themselves, each with its readings
        lines = asked() if asked else [language.Sentence("Refused: {why}", why=error.sentence)]
        for line in lines:
            print(line.say(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(text("Stopped. Nothing was written."), file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough: course check FILE | head
        sys.stdout = None
        return 0
    except MemoryError:
        print(text("Not enough memory for these files."), file=sys.stderr)
        return 2


def _language(arguments: list[str]) -> str:
    """--lang before anything else is parsed: help and errors are in the reader's language too."""
    for i, argument in enumerate(arguments):
        if argument == "--lang" and i + 1 < len(arguments) and arguments[i + 1] in language.LANGUAGES:
            return arguments[i + 1]
        if argument.startswith("--lang=") and argument[7:] in language.LANGUAGES:
            return argument[7:]
    return language.preferred()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description=text("Customer portraits from a company's own exports.")
    )
    commands = parser.add_subparsers(title=text("commands"), metavar="…", required=True)

    run = commands.add_parser("run", help=text("exports in, portraits and a report out"))
    for name in _TABLES:
        run.add_argument(f"--{name}", nargs="+", metavar="FILE", help=_table_help(name))
    run.add_argument("--demo", action="store_true", help=text("Luming, the generated company: no file needed"))
    run.add_argument("--source", choices=["completejourney"], help=text("a built-in source instead of files"))
    run.add_argument(
        "--as-of", metavar="DATE", help=text("the day the portraits are of (default: the last valid order)")
    )
    run.add_argument(
        "--previous",
        metavar="DIR",
        help=text("an earlier run: its mapping is used again, and who entered and left each tag is told"),
    )
    run.add_argument("--tags", metavar="FILE", help=text("a dictionary of tags of your own (YAML)"))
    run.add_argument(
        "--key", metavar="FILE", help=text("replace customer numbers by pseudonyms under this key (made if missing)")
    )
    run.add_argument(
        "--horizon", type=int, default=52, metavar="WEEKS", help=text("weeks that forecasts look ahead (default: 52)")
    )
    run.add_argument("--out", metavar="DIR", help=text("the folder to write; it must not exist yet"))
    _reading_options(run)
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help=text("what a file holds and what can be computed from it"))
    check.add_argument("file", metavar="FILE")
    _reading_options(check)
    check.set_defaults(command=_check)

    card = commands.add_parser("card", help=text("the portrait of one customer, from the result of a run"))
    card.add_argument("folder", metavar="DIR")
    card.add_argument("customer", metavar="CUSTOMER")
    card.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    card.set_defaults(command=_card)

    forget = commands.add_parser("forget", help=text("erase customers from the result of a run"))
    forget.add_argument("folder", metavar="DIR")
    forget.add_argument("customers", metavar="CUSTOMER", nargs="+")
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

    doctor = commands.add_parser("doctor", help=text("is this machine ready for the lessons?"))
    doctor.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    doctor.set_defaults(command=_doctor)

    columns = commands.add_parser("columns", help=text("the columns of the portraits, with unit and definition"))
    columns.add_argument("--lang", choices=language.LANGUAGES, help=argparse.SUPPRESS)
    columns.set_defaults(command=_columns)
    return parser


def _table_help(name: str) -> str:
    return {
        "orders": text("orders or order lines; several files are one table"),
        "lines": text("order lines, where the orders are a table of their own"),
        "customers": text("customers: gender, birthday, city, …"),
        "events": text("clicks and other events"),
        "surveys": text("answers to the 0–10 question"),
        "tickets": text("service tickets"),
        "posts": text("social posts and comments"),
        "campaigns": text("who got which campaign"),
    }[name]


def _reading_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="KEY=COLUMN",
        help=text("COLUMN of the file is KEY (without a header: its position, 1, 2, …)"),
    )
    parser.add_argument(
        "--blank", action="append", default=[], metavar="COLUMN=VALUE", help=text("VALUE in COLUMN means not filled in")
    )
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
    parser.add_argument("--encoding", help=text("of text files, where the one found is wrong"))
    parser.add_argument(
        "--date-order", choices=["dmy", "mdy"], help=text("whether 03/04/2024 is 3 April (dmy) or March 4 (mdy)")
    )
    parser.add_argument("--lang", choices=language.LANGUAGES, help=text("language of messages, workbook and report"))


def _pairs(items: list[str], option: str) -> list[tuple[str, str]]:
    pairs = [tuple(part.strip() for part in item.split("=", 1)) for item in items]
    for item, pair in zip(items, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise DataError("{option} {item}: write it as {option} KEY=VALUE.", option=option, item=item)
    return pairs


def _answers(items: list[str]) -> dict[str, str]:
    """{key: answer}; a key may hold a word of the file, and with it any sign."""
    pairs = [tuple(part.strip() for part in item.rpartition("=")[::2]) for item in items]
    for item, pair in zip(items, pairs, strict=True):
        if not all(pair):
            raise DataError("{option} {item}: write it as {option} KEY=VALUE.", option="--answer", item=item)
    return dict(pairs)


def _blanks(items: list[str]) -> dict[str, list[str]]:
    blanks: dict[str, list[str]] = {}
    for column, value in _pairs(items, "--blank"):
        blanks.setdefault(column, []).append(value)
    return blanks


def _mapping(items: list[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for key, column in _pairs(items, "--map"):
        if mapping.get(key, column) != column:
            raise DataError(
                "--map gives {key} two columns: {first} and {second}.", key=key, first=mapping[key], second=column
            )
        mapping[key] = column
    return mapping


def _run(options: argparse.Namespace) -> int:
    files = {("order_lines" if n == "lines" else n): getattr(options, n) for n in _TABLES if getattr(options, n)}
    if not files and not options.source and not options.demo:
        raise DataError("No table was named. The simplest run: course run --orders FILE --out DIR.")
    if options.out is None and not options.demo:
        raise DataError("Name the folder to write: --out DIR.")
    mapping, blanks = _mapping(options.map), _blanks(options.blank)
    out = Path(options.out or "demo")
    _tell(language.Sentence("Reading"))
    from course import collect, report, workflow

    report.refuse_used(out)  # before the work, not after it
    if options.source == "completejourney":
        from course.collect import completejourney

        files = completejourney.sources() | files
    previous = earlier = None
    if options.previous:
        from course.result import mappings, portraits

        previous, earlier = mappings(options.previous), portraits(options.previous)
    if options.demo:
        from course import demo

        tables = demo.tables(progress=_tell)
    else:
        tables = collect.gather(
            files,
            mapping,
            previous=previous,
            blanks=blanks,
            encoding=options.encoding,
            date_order=options.date_order,
            answers=_answers(options.answer),
            provisional=options.provisional,
        )
    for kind, table in tables.items():
        _show_mapping(kind, table)
    key = _key(options.key, workflow.personal(tables))
    result = workflow.run(
        tables, options.as_of, previous=earlier, key=key, tags=options.tags, horizon=options.horizon, progress=_tell
    )
    result.parameters = {
        "as_of": options.as_of,
        "horizon": options.horizon,
        "map": mapping,
        "blank": blanks,
        "encoding": options.encoding,
        "date_order": options.date_order,
        "source": options.source,
        "tags": Path(options.tags).name if options.tags else None,
        "pseudonyms": key is not None,
    }
    _tell(language.Sentence("Writing"))
    answers = report.write(result, out, language.active())
    for line in [*answers, *(note.say() for note in result.notes)]:
        print(line)
    print(text("Written: {out}", out=out / "report.html"))
    return 0


def _key(file: str | None, personal: bool) -> bytes | None:
    """The key of pseudonyms: of the file named, else of the reader's own where customer numbers would tell a person."""
    if file is None and not personal:
        return None
    from course.identity import key_file

    path = Path(file) if file else key_file.default()
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
    from course import workflow

    for line in workflow.look(
        options.file,
        _mapping(options.map),
        blanks=_blanks(options.blank),
        encoding=options.encoding,
        date_order=options.date_order,
    ):
        print(line.say())
    return 0


def _card(options: argparse.Namespace) -> int:
    from course import portrait, result

    print(portrait.card(result.portraits(options.folder), options.customer).text())
    return 0


def _forget(options: argparse.Namespace) -> int:
    from course import report

    erased = report.forget(options.folder, options.customers)
    print(text("Erased: {n:,} {n:number|numbers} of {people} asked for.", n=len(erased), people=len(options.customers)))
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
    from course import authoring

    root = Path(__file__).resolve().parents[1]
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


def _doctor(options: argparse.Namespace) -> int:
    from course.doctor import doctor

    well = True
    for what, good, found in doctor():
        print(f"{'OK ' if good else '✗  '} {what.say()}: {found.say()}")
        well = well and good
    return 0 if well else 1


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
