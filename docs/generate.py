"""Write the files that are made from the config's keys; run it with `make docs`."""

from pathlib import Path

from ecsiam.config.describe import config_page, config_schema
from ecsiam.config.describe_access import access_page
from ecsiam.config.roles import roles_page
from ecsiam.findings.page import rules_page
from ecsiam.targets import dump

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {
    "docs/access.md": access_page,
    "docs/config.md": config_page,
    "docs/roles.md": roles_page,
    "docs/rules.md": rules_page,
    "schemas/config.schema.json": lambda: dump(config_schema()),
}

if __name__ == "__main__":
    for name, content in GENERATED.items():
        (ROOT / name).write_text(content(), encoding="utf-8", newline="\n")
        print(name)
