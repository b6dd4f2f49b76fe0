# SPDX-License-Identifier: MIT
"""The language of `when`: comparisons of facts joined by and, or, not. data/README.md is its manual."""
import re

TOKEN = re.compile(r'\s*(?:(==|!=|<=|>=|<|>|\(|\)|\[|\]|,)|([A-Za-z0-9_][A-Za-z0-9_.]*))')
RELATIONS = {'==': 'EQUAL', '!=': 'UNEQUAL', '<': 'LESS', '<=': 'AT_MOST', '>': 'MORE', '>=': 'AT_LEAST'}
STEPS_MAX = 32


class Wrong(Exception):
    pass


class Language:
    """facts: name -> type; types: name -> list of values; statuses: symbol -> number."""

    def __init__(self, facts, types, statuses):
        self.facts, self.types, self.statuses = facts, types, statuses
        self.order = list(facts)

    def compile(self, source):
        """Steps (operation, fact's index, relation, value) in postfix order."""
        self.tokens = self._split(source) + [None]
        steps = self._or()
        if self.tokens[0] is not None:
            raise Wrong(f'"{self.tokens[0]}" is one word too many')
        if len(steps) > STEPS_MAX:
            raise Wrong(f'{len(steps)} steps, at most {STEPS_MAX}')
        return steps

    @staticmethod
    def _split(source):
        tokens, at = [], 0
        while source[at:].strip():
            m = TOKEN.match(source, at)
            if not m:
                raise Wrong(f'"{source[at:].strip()[0]}" is no sign of this language')
            tokens.append(m[1] or m[2])
            at = m.end()
        return tokens

    def _next(self):
        token = self.tokens.pop(0)
        if token is None:
            raise Wrong('it ends too early')
        return token

    def _expect(self, sign):
        token = self._next()
        if token != sign:
            raise Wrong(f'"{sign}" is missing before "{token}"')

    def _chain(self, word, part):
        steps = part()
        while self.tokens[0] == word:
            self._next()
            steps += part() + [(word.upper(), 0, 'EQUAL', 0)]
        return steps

    def _or(self):
        return self._chain('or', self._and)

    def _and(self):
        return self._chain('and', self._not)

    def _not(self):
        token = self._next()
        if token == 'not':
            return self._not() + [('NOT', 0, 'EQUAL', 0)]
        if token == '(':
            steps = self._or()
            self._expect(')')
            return steps
        return self._comparison(token)

    def _comparison(self, name):
        if name == 'known':
            return [('KNOWN', self._fact(self._next()), 'EQUAL', 0)]
        fact = self._fact(name)
        kind = self.facts[name]
        if self.tokens[0] == 'in':
            self._next()
            return self._in(fact, name, kind)
        if self.tokens[0] not in RELATIONS:
            if kind != 'bool':
                raise Wrong(f'{name} is of type {kind}: compare it with a value')
            return [('COMPARE', fact, 'EQUAL', 1)]
        relation = self._next()
        if relation not in ('==', '!=') and kind not in ('number', 'bool'):
            raise Wrong(f'{name} is of type {kind}: it has no order, "{relation}" means nothing')
        if kind == 'bool':
            raise Wrong(f'{name} is true or false: write "{name}" or "not {name}"')
        return [('COMPARE', fact, RELATIONS[relation], self._value(name, kind, self._next()))]

    def _in(self, fact, name, kind):
        self._expect('[')
        steps, sign = [], ','
        while sign == ',':
            one = [('COMPARE', fact, 'EQUAL', self._value(name, kind, self._next()))]
            steps = steps + one + [('OR', 0, 'EQUAL', 0)] if steps else one
            sign = self._next()
        if sign != ']':
            raise Wrong(f'"]" is missing before "{sign}"')
        return steps

    def _fact(self, name):
        if name not in self.facts:
            raise Wrong(f'there is no fact "{name}"')
        return self.order.index(name)

    def _value(self, name, kind, word):
        if kind in ('number', 'status') and re.fullmatch(r'\d+|0x[0-9a-f]+', word):
            return int(word, 0)
        if kind == 'status' and word in self.statuses:
            return self.statuses[word]
        if kind in self.types and word in self.types[kind]:
            return self.types[kind].index(word)
        raise Wrong(f'"{word}" is no value of {name}, which is of type {kind}')
