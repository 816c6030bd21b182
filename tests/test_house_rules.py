"""The house rules, checked on the source; CONTRIBUTING.md explains them."""

import ast
import re
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, meta

from ikone_events import app as app_module
from ikone_events.config import Settings
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.web.shell.access import FOREIGN, Permission, check_routes
from tests.source import NAME, ROOT, TEMPLATES, Module, modules, own_files, templates

LONGEST_FILE = 300
LONGEST_FUNCTION = 40

# What each part may import, besides itself. A row names only rows above it: so no circle is
# possible, and everything points downwards. web is used by those alone who put parts together.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "public_holidays": set(),
    "hidden_import": set(),
    "catalogues": set(),
    "store": {"domain", "hidden_import"},
    "mail": {"domain", "catalogues"},
    "config": {"domain", "mail", "public_holidays"},
    "services": {"domain", "store", "mail", "config", "public_holidays", "catalogues"},
    "web": {"domain", "store", "config", "services", "catalogues"},
    "worker": {"domain", "store", "mail", "config", "services", "hidden_import"},
    "commands": {"domain", "store", "mail", "services", "worker"},
    "app": {"domain", "store", "config", "services", "web", "worker", "commands"},
    "demo": {"domain", "store", "config", "services", "web", "worker", "app"},
    "command_group": {"store", "config", "commands", "app"},
    "cli": {"command_group"},
}
# The topics of a layer, each a folder; an import only goes to the left. What lies in the layer
# itself, outside every folder, stands left of all of them.
TOPICS: dict[str, tuple[str, ...]] = {
    "domain": (
        *("directory", "mails", "events", "registering", "plan", "calendars", "incoming"),
        *("rooms", "followup", "figures", "operating", "office"),
    ),
    "store": (
        *("accounts", "events", "directory", "registering", "plan", "mails", "rooms"),
        *("incoming", "calendars", "followup", "figures", "operating", "office"),
    ),
    "mail": ("writing", "sending", "receiving"),
    "services": (
        *("documents", "mails", "plan", "registering", "calendars", "incoming", "rooms"),
        *("followup", "figures", "privacy", "events", "directory", "accounts", "operating"),
        "office",
    ),
    "web": ("shell", "registering", "public", "attendee", "organiser"),
    "web.organiser": (
        *("mails", "plan", "incoming", "registering", "calendars", "followup", "figures"),
        *("directory", "events", "accounts", "settings"),
    ),
}
# The trial builds the app around itself; its command imports it when it is called.
LATE_IMPORTS = {("commands.running", "demo.trial")}

DOMAIN_LIBRARIES = {"icalendar", "itsdangerous"}
# Names of days and months in German and English, in the one module that turns times into words.
BABEL = {("domain.times", "babel"), ("domain.times", "babel.dates")}
WEB_THINGS = {"request", "session", "g", "flash", "redirect", "abort", "url_for"}
OPEN_TRANSACTIONS = {"web", "commands", "worker", "demo"}


def _inside(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """What a module imports of the package, dotted without the package's name."""
    for name, node in module.imports():
        if name.partition(".")[0] == NAME:
            yield name.removeprefix(NAME).removeprefix("."), node


def test_parts_rows_name_only_rows_above() -> None:
    seen: set[str] = set()
    for part, below in MAY_IMPORT.items():
        assert below <= seen, part
        seen.add(part)


def test_imports_point_downwards() -> None:
    faults = [
        f"{module.at(node)} {module.part} imports {name}"
        for module in modules()
        for name, node in _inside(module)
        if name
        and (module.name, name) not in LATE_IMPORTS
        and name.partition(".")[0] not in MAY_IMPORT.get(module.part, set()) | {module.part}
    ]
    assert faults == []


def _topic(dotted: str, layer: str) -> str | None:
    """The topic folder of a module, "" for one directly in the layer, None outside of it."""
    if not dotted.startswith(f"{layer}."):
        return None
    folder, _, module = dotted.removeprefix(f"{layer}.").partition(".")
    return folder if module or folder in TOPICS[layer] else ""


def test_topics_are_imported_from_the_left() -> None:
    faults = []
    for layer, topics in TOPICS.items():
        places = {topic: place for place, topic in enumerate(("", *topics))}
        for module in modules():
            own = _topic(module.name, layer)
            faults += [
                f"{module.at(node)} {module.name} imports {name}"
                for name, node in _inside(module)
                if own is not None and (topic := _topic(name, layer)) is not None
                if places[topic] > places[own]
            ]
    assert faults == []


def test_every_folder_of_a_layer_is_a_topic() -> None:
    folders = {
        (layer, topic) for layer in TOPICS for m in modules() if (topic := _topic(m.name, layer))
    }
    assert {topic for layer, topic in folders if topic not in TOPICS[layer]} == set()


def test_class_names_exist_once() -> None:
    """Two classes of one name are two things that a reader takes for one."""
    names = Counter(
        node.name
        for module in modules()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, number in names.items() if number > 1] == []


def test_every_part_has_a_row() -> None:
    assert {module.part for module in modules() if module.name} == set(MAY_IMPORT)


def test_imports_are_absolute() -> None:
    assert [m.at(n) for m in modules() for name, n in m.imports() if name.startswith(".")] == []


def test_domain_knows_no_framework() -> None:
    allowed = sys.stdlib_module_names | DOMAIN_LIBRARIES | {NAME}
    faults = [
        f"{module.at(node)} {name}"
        for module in modules()
        for name, node in module.imports()
        if module.part == "domain"
        and name.partition(".")[0] not in allowed
        and (module.name, name) not in BABEL
    ]
    assert faults == []


def test_services_know_no_request() -> None:
    faults = [
        f"{module.at(node)} {alias.name}"
        for module in modules()
        if module.part in {"store", "mail", "services", "worker"}
        for node in module.nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "flask"
        for alias in node.names
        if alias.name in WEB_THINGS
    ]
    assert faults == []


def test_web_speaks_no_sql() -> None:
    """Pages ask named queries of store and services; only these touch the session."""
    faults = [
        module.at(node)
        for module in modules()
        if module.part == "web"
        for node in module.nodes()
        if _asks_the_database(node)
    ]
    imports = [
        module.at(node)
        for module in modules()
        for name, node in module.imports()
        if module.part == "web" and name.partition(".")[0] == "sqlalchemy"
    ]
    assert imports + faults == []


def _asks_the_database(node: ast.AST) -> bool:
    """`db.session`, or a statement: `select(…)`, `visible_events(…).where(…)`."""
    if isinstance(node, ast.Attribute) and node.attr == "session":
        return isinstance(node.value, ast.Name) and node.value.id == "db"
    return isinstance(node, ast.Attribute) and node.attr in {"where", "order_by", "scalars"}


HOOKS = {
    *("before_request", "after_request", "teardown_request", "context_processor"),
    *("url_value_preprocessor", "url_defaults", "errorhandler"),
}


def test_hooks_of_all_organisers_pages_stand_in_their_frame() -> None:
    """What one page needs is done in that page, not at every request of an organiser."""
    places = {
        module.name
        for module in modules()
        if module.name.startswith("web.organiser")
        for node in module.nodes()
        if isinstance(node, ast.Attribute) and node.attr in HOOKS
    }
    assert places == {"web.organiser.frame"}


def test_flask_mail_has_one_user() -> None:
    users = {m.name for m in modules() for name, _ in m.imports() if name.startswith("flask_mail")}
    assert users == {"mail.sending.deliver"}


def test_forms_have_fields_that_normalise_what_is_typed() -> None:
    """Text fields of WTForms itself would let invisible characters past the checks."""
    raw = {f"{kind}Field" for kind in ("String", "TextArea", "Email", "Search", "URL", "Tel")}
    users = {
        module.name
        for module in modules()
        for node in module.nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "wtforms"
        if raw & {alias.name for alias in node.names}
    }
    assert users == {"web.shell.forms"}


def test_imapclient_has_one_user() -> None:
    users = {m.name for m in modules() for name, _ in m.imports() if name.startswith("imapclient")}
    assert users == {"mail.receiving.imap"}


def test_commit_stands_in_one_place() -> None:
    assert {module.name for module in modules() for _ in module.calls("commit")} == {
        "store.writing"
    }


def test_transactions_are_opened_outside_services() -> None:
    openers = {module.part for module in modules() for _ in module.calls("transaction")}
    assert openers <= OPEN_TRANSACTIONS


def _sets(module: Module, column: str) -> list[str]:
    """Where a module sets a column: an assignment, or an UPDATE's values."""
    updates = [call for call in module.calls("values") if column in _columns(module, call)]
    nodes: list[ast.AST] = [*module.assignments(column), *updates]
    return [f"{module.name}.{module.enclosing(node)}" for node in nodes]


def _columns(module: Module, call: ast.Call) -> set[object]:
    """The columns of `.values(…)`: keywords, a literal, or a name given to a literal before."""
    names: set[object] = {keyword.arg for keyword in call.keywords}
    for argument in call.args:
        for literal in module.literals(argument) if isinstance(argument, ast.Name) else [argument]:
            if isinstance(literal, ast.Dict):
                names |= {key.value for key in literal.keys if isinstance(key, ast.Constant)}
    return names


def test_state_has_one_writer_for_events_for_mails_and_for_requests() -> None:
    writers = {place for module in modules() for place in _sets(module, "state")}
    assert {place.rpartition(".")[0] for place in writers} == {
        "services.events.transitions",
        "services.mails.outbox",
        "services.followup.requests",
    }
    assert [p for p in writers if "transitions" in p] == ["services.events.transitions._set_state"]


def test_seat_has_one_writer() -> None:
    writers = {place for m in modules() if m.part != "web" for place in _sets(m, "status")}
    assert writers == {"services.registering.seating.set_status"}


def test_registrations_are_made_by_signing_up_and_by_loading() -> None:
    makers = {
        f"{m.name}.{m.enclosing(call)}"
        for m in modules()
        for call in (*m.calls("Registration"), *m.calls("new_row"))
        if ast.unparse(call).startswith(("Registration(", "new_row(Registration"))
    }
    assert makers == {
        "services.registering.new_registrations.new_registration",
        "services.registering.reminders.find_reminder",  # as read
        "services.operating.loading._store_registration",
        "services.mails.text_preview._sample_person",  # never stored
    }


def test_who_came_is_asked_of_the_one_view() -> None:
    """Elsewhere nobody reads the records and decides by them in another way than the view."""
    of_rooms = ("store.rooms", "services.rooms")
    for module in modules():
        if module.name.startswith(of_rooms):
            continue
        words = module.path.read_text(encoding="utf-8")
        assert "AttendanceRecord" not in words, f"{module.name}: ask store/rooms/attendance.py"


def test_files_stay_short() -> None:
    lengths = {
        str(m.path.relative_to(ROOT)): len(m.path.read_text().splitlines()) for m in modules()
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_identity_is_read_as_it_is_in_effect() -> None:
    """Variables are one of its sources: whoever reads them alone misses what was entered."""
    read = re.compile(r"settings\.(?:organisation|accent|address|privacy_contact)\b")
    sources = [
        *(ROOT / NAME).rglob("*.py"),
        *(path for path in TEMPLATES.rglob("*") if path.is_file()),
    ]
    assert [path.name for path in sources if read.search(path.read_text("utf-8"))] == []


def test_functions_stay_short() -> None:
    lengths = {
        f"{module.at(function)} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in modules()
        for function in module.functions()
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application as any installation has it; nothing is stored."""
    return app_module.create_app(
        Settings(
            secret_key=secrets.token_urlsafe(48),
            base_url="http://localhost",
            data_dir=tmp_path_factory.mktemp("data"),
        )
    )


def test_every_route_names_its_permission(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in FOREIGN:
            assert app.view_functions[rule.endpoint].permission in Permission, rule.rule


def test_organisers_pages_are_behind_the_login(app: Flask) -> None:
    open_to_all = {Permission.PUBLIC, Permission.PERSONAL_LINK}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/organise"):
            assert app.view_functions[rule.endpoint].permission not in open_to_all, rule.rule


def test_route_without_a_permission_stops_the_start() -> None:
    app = Flask("stranger", static_folder=None)
    app.add_url_rule("/open-to-all", view_func=lambda: "hello", endpoint="forgotten")
    with pytest.raises(RuntimeError, match="forgotten"):
        check_routes(app)


def test_personal_links_are_the_only_ones_with_a_token(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in FOREIGN:
            personal = app.view_functions[rule.endpoint].permission is Permission.PERSONAL_LINK
            assert personal == ("token" in rule.arguments), rule.rule


# What programs read: keys, file names, addresses, values of form fields and of the database.
MACHINE_FORMATS = {
    *("services.operating.backups.restoring", "services.mails.subscribers", "services.plan.plans"),
    "services.registering.standing",
    "services.followup.requests",
    *(
        "services.incoming.answers",
        "services.calendars.feeds",
        "services.operating.backups.rotation",
    ),
    *("services.registering.reminders", "domain.calendars.add_links", "web.organiser.fields"),
}


def test_moments_become_words_in_one_place() -> None:
    """A second place would forget the zone, the language or the hour that is shown twice."""
    faults = [
        module.at(node)
        for module in modules()
        if module.name not in MACHINE_FORMATS | {"domain.times"}
        for node in module.nodes()
        if _formats_a_moment(node)
    ]
    assert faults == []


def _formats_a_moment(node: ast.AST) -> bool:
    """`strftime`, Babel's formats, or an f-string with a pattern such as :%H:%M."""
    if isinstance(node, ast.Attribute):
        return node.attr == "strftime"
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").endswith("babel.dates")
    spec = node.format_spec if isinstance(node, ast.FormattedValue) else None
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    return any(isinstance(part, ast.Constant) and "%" in str(part.value) for part in parts)


# Written by their names: one mail's text a kind and language, Flask-Security's own pages.
NAMED_BY_RULE = re.compile(rf"mail/(de|en)/({'|'.join(MailKind)})\.txt|security/\w+\.html")


def _used_templates() -> set[str]:
    """Names that Python or another template gives, f-strings filled with every file they fit."""
    every = [path.relative_to(TEMPLATES).as_posix() for path in templates()]
    used = {name for name in every if NAMED_BY_RULE.fullmatch(name)}
    for module in modules():
        for node in module.nodes():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
            elif isinstance(node, ast.JoinedStr) and (pattern := _pattern(node)):
                used |= {name for name in every if re.fullmatch(pattern, name)}
    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 - parses only
    for path in templates():
        tree = environment.parse(path.read_text(encoding="utf-8"))
        used |= {name for name in meta.find_referenced_templates(tree) if name}
    return used | _used_by_typst(used)


def _used_by_typst(named: set[str]) -> set[str]:
    """PDF templates that Python names without folder and ending, and what they import."""
    found = [path for path in (TEMPLATES / "pdf").iterdir() if path.stem in named]
    imported = {
        name
        for path in found
        for name in re.findall(r'#import "([\w.]+)"', path.read_text(encoding="utf-8"))
    }
    return {f"pdf/{name}" for name in (*(path.name for path in found), *imported)}


def _pattern(node: ast.JoinedStr) -> str:
    """A pattern for an f-string that begins with a folder; the rest says too little."""
    parts = [re.escape(v.value) if isinstance(v, ast.Constant) else r"[\w]+" for v in node.values]
    return "".join(parts) if "/" in parts[0] else ""


def test_every_template_is_used() -> None:
    every = {path.relative_to(TEMPLATES).as_posix() for path in templates()}
    assert every - _used_templates() == set()


INLINE = re.compile(
    r"""<style\b|<script(?![^>]*\bsrc=|\ type="application/ld\+json">)"""
    r"""|\sstyle\s*=|\son[a-z]+\s*=\s*["'{]|javascript:""",
    re.IGNORECASE,
)


def test_templates_contain_no_inline_style_or_script() -> None:
    """The Content-Security-Policy would drop them; mails and the dossier need inline styles.

    JSON-LD is data that no browser runs (HTML, 4.12.1: a data block).
    """
    faults = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in templates()
        if path.suffix == ".html" and path.parent.name not in {"mail", "dossier"}
        for found in INLINE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert faults == []


# Written backwards, so that this file does not find itself.
MACHINE_FOLDERS = "|".join(name[::-1] for name in ("krow", "mraf", "toor", "bal/pmt", "hsab/pmt"))
FOREIGN_WORDS = re.compile(
    rf"(?<![\w.}}])/(?:{MACHINE_FOLDERS})[/_]|{'yrarbil.'[::-1]}/|{'eussi'[::-1]} \d\b"
    r"|https?://[^ ]*/(?:simple|npm|debian)/"
)


def test_repository_speaks_of_no_machine() -> None:
    """Paths of somebody's machine and addresses of its registries help nobody else."""
    faults = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}"
        for path in own_files()
        for number, line in enumerate(_lines(path), 1)
        if FOREIGN_WORDS.search(line)
    ]
    assert faults == []


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()
