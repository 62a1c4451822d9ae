# SPDX-License-Identifier: MIT
"""The definitions in the project's sources: scopes with their members, identifiers,
paths, tests, and the properties of the models."""
import re
from collections import defaultdict

import source

WORD = re.compile(r"[A-Za-z_]\w*")
TOKEN = re.compile(r"[A-Za-z_]\w*|::|[{}();=]|[^\s\w]")
SCOPE = re.compile(
    r"\b(namespace|class|struct|union|enum(?: class| struct)?)\b"
    r"((?: \w+)*?) ((?:\w+(?: <.*?>)? :: )*\w+)(?: <.*>)?(?: final)?(?: : (.*))?$"
)
ALIAS = re.compile(r"\b(?:using|namespace)\s+(\w+)\s*=\s*([^;]+);")
TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
INCLUDE = re.compile(r"#\s*include <((?!hft/)[^>]+)>")
PROPERTY = re.compile(r"\bproperty\(\s*([a-z][^,()]*),")


def _without_directives(code):
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: source.blank(found[0]),
        code, flags=re.M,
    )


class Index:
    def __init__(self):
        self.members = defaultdict(set)
        self.bases = defaultdict(set)
        self.words = set()
        self.tests = defaultdict(set)
        self.properties = set()
        self.headers_elsewhere = set()
        self.files = source.project_files()
        self.paths = set()
        self.directories = set()
        for path in self.files:
            self._add_path(path)
            name = path.rpartition("/")[2]
            if re.search(r"\.(?:hpp|cpp|h|c)$", name):
                self._add_source(source.code_of(source.read(path)))
            elif name.endswith(".pml"):
                self._add_model(source.code_of(source.read(path)))
            elif re.search(r"\.(?:sh|cmake|in|config)$|^(?:CMakeLists\.txt|"
                           r"Makefile|Kconfig|Kbuild|init)$", name):
                text = re.sub(r"(?m)^\s*#.*", "", source.read(path))
                self.words.update(WORD.findall(text))
        self.top = {path.split("/")[0] for path in self.files if "/" in path}

    def _add_path(self, path):
        parts = path.split("/")
        for start in range(len(parts)):
            self.paths.add("/".join(parts[start:]))
            for end in range(start + 1, len(parts)):
                self.directories.add("/".join(parts[start:end]))

    def _add_model(self, code):
        self.words.update(WORD.findall(code))
        for name in PROPERTY.findall(code):
            self.properties.add(" ".join(name.split()))

    def _add_source(self, code):
        self.words.update(WORD.findall(code))
        self.headers_elsewhere.update(INCLUDE.findall(code))
        for suite, test in TEST.findall(code):
            self.tests[suite].add(test)
        for name, what in ALIAS.findall(code):
            self.bases[name].update(WORD.findall(what))
        self._add_scopes(_without_directives(code))

    def _add_scopes(self, code):
        """Identifiers directly in a scope are its members: not those in the
        bodies of its functions, nor those between parentheses."""
        # The names that each open brace adds to; none in a function.
        stack = [[]]
        header = []
        parentheses = 0
        for token in TOKEN.findall(code):
            if token == "(":
                parentheses += 1
                header.append(token)
            elif token == ")":
                parentheses = max(0, parentheses - 1)
                header.append(token)
            elif token == "{":
                stack.append(self._opened(header, stack[-1], parentheses))
                header = []
            elif token == "}":
                if len(stack) > 1:
                    stack.pop()
                header = []
                parentheses = 0
            elif token == ";" and not parentheses:
                header = []
            else:
                header.append(token)
                # (*name) is a member that points to a function.
                if WORD.fullmatch(token) and (
                        not parentheses or header[-3:-1] == ["(", "*"]):
                    for scope in stack[-1]:
                        self.members[scope].add(token)

    def _opened(self, header, outer, parentheses):
        if parentheses:
            return []
        text = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", " ".join(header)))
        text = " ".join(re.sub(r"\[ \[.*?\] \]", "", text).split())
        if text in ("namespace", "extern", "inline namespace"):
            return outer
        if re.search(r"\b(?:struct|union|enum)$", text):  # unnamed
            return outer
        found = SCOPE.search(text)
        if not found:
            return []
        kind, name, bases = found[1], found[3], found[4]
        names = WORD.findall(re.sub(r"<.*?>", "", name))
        if bases:
            self.bases[names[-1]].update(WORD.findall(bases))
        for outside, inside in zip(names, names[1:]):
            self.members[outside].add(inside)
        self.members[names[-1]].update()
        if kind == "namespace":
            return [names[-1]]
        return [names[-1], *(outer if kind == "enum" else [])]

    def is_scope(self, name):
        return name in self.members or name in self.bases

    def has_member(self, scope, member, seen=None):
        """None if the scope ends in somebody else's, which we cannot look into."""
        seen = seen or set()
        seen.add(scope)
        if member == scope or member in self.members.get(scope, ()):
            return True
        foreign = False
        for base in self.bases.get(scope, ()):
            if base in ("std", "testing", "benchmark"):
                foreign = True
            elif base not in seen and self.is_scope(base):
                found = self.has_member(base, member, seen)
                if found:
                    return True
                foreign = foreign or found is None
        return None if foreign else False
