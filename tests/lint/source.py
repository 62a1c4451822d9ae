# SPDX-License-Identifier: MIT
"""For the checks in Python: the project's files, and their comments and prose.

Each part of a file keeps the line breaks of the file, so that the offset of a
finding gives its line.
"""
import os
import re
import subprocess

COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/
    |R"(?P<raw>[^(\s"]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"
    |(?<!\w)'(?:\\.|[^'\\\n])+'""",
    re.S | re.X,
)
MARKER = re.compile(r"^[ \t]*(?://[/!]?<?|/\*+|\*/|\*)|//[/!]?<?|/\*+|\*+/", re.M)
FENCE = re.compile(r"^( *)```.*?^ *```", re.M | re.S)


def project_files(*pathspecs):
    """Existing files, tracked or new, but not ignored ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard", "--deduplicate", "--",
         *pathspecs],
        capture_output=True, text=True, check=True,
    )
    return [name for name in listing.stdout.split("\0") if os.path.isfile(name)]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def _is_comment(token):
    return token.startswith(("//", "/*"))


def code_of(text):
    """C, C++ or Promela without its comments and literals."""
    return COMMENT_OR_LITERAL.sub(lambda found: blank(found[0]), text)


def comments_of(text):
    """The comments of C, C++ or Promela, without their markers."""
    parts = []
    end = 0
    for found in COMMENT_OR_LITERAL.finditer(text):
        if _is_comment(found[0]):
            parts.append(blank(text[end:found.start()]))
            parts.append(MARKER.sub(lambda mark: blank(mark[0]), found[0]))
            end = found.end()
    parts.append(blank(text[end:]))
    return "".join(parts)


def comments_of_script(text):
    """The comments of bash, CMake or Python, and the docstrings of the latter."""
    lines = []
    inside = False  # a docstring
    for line in text.split("\n"):
        comment = re.search(r"(?:^|\s)#\s(?!SPDX|shellcheck)(.*)", line)
        if inside or line.lstrip().startswith('"""'):
            if line.count('"""') == 1:
                inside = not inside
            lines.append(line.replace('"""', "").strip())
        else:
            lines.append(comment[1] if comment else "")
    return "\n".join(lines)


def strings_of(text):
    """The string literals of C or C++, one a line or more."""
    parts = []
    end = 0
    for found in COMMENT_OR_LITERAL.finditer(text):
        if not _is_comment(found[0]) and '"' in found[0]:
            parts.append(blank(text[end:found.start()]))
            parts.append(found[0])
            end = found.end()
    parts.append(blank(text[end:]))
    return "".join(parts)


def without_fences(markdown):
    return FENCE.sub(lambda found: blank(found[0]), markdown)


def fences_of(markdown):
    parts = []
    end = 0
    for found in FENCE.finditer(markdown):
        parts.append(blank(markdown[end:found.start()]))
        parts.append(found[0])
        end = found.end()
    parts.append(blank(markdown[end:]))
    return "".join(parts)


def text_of_page(page):
    """A man page without its requests and escapes."""
    page = re.sub(r'^\.\\".*$', "", page, flags=re.M)
    page = re.sub(r"\\f(?:\[\w*\]|\(..|.)", "", page).replace("\\-", "-")
    page = page.replace("\\&", "").replace("\\e", "\\")
    return page
