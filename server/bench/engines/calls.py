"""Calls of one size, each with the next rows."""
import ctypes
import time

import numpy as np

WORDS = 12  # of arguments, as in repeat.c


class FromPython:
    """Calls of a Python function, which returns the scores. Python's own time for a call is included."""

    def __init__(self, function, arguments, size):
        self.function, self.arguments, self.size, self.at = function, arguments, size, 0

    def answers(self, i):
        return np.asarray(self.function(*self.arguments[i]), np.float64).ravel()

    def time(self, seconds):
        function, arguments, count, between = self.function, self.arguments, 0, max(1, 8 // self.size)
        began = time.perf_counter()
        while (took := time.perf_counter() - began) < seconds or not count:
            for _ in range(between):
                function(*arguments[self.at])
                self.at = (self.at + 1) % len(arguments)
            count += between
        return took / count


class FromC:
    """Calls of a function in C, by repeat.c. After a call, scores() returns what it scored."""

    def __init__(self, function, arguments, size, scores, checked=True):
        self.function = ctypes.cast(function, ctypes.c_void_p)
        self.kept = arguments  # they own what they point to
        self.words = np.array([[word(a) for a in list(each) + [0] * (WORDS - len(each))] for each in arguments], np.int64)
        self.size, self.scores, self.checked, self.at = size, scores, checked, ctypes.c_long(0)

    def answers(self, i):
        if self.run(ctypes.c_long(i), 0, 1) < 0:
            raise RuntimeError("the library refuses the call")
        return np.array(self.scores(), np.float64).ravel()

    def time(self, seconds):
        took = self.run(self.at, seconds, max(1, 64 // self.size))
        if took < 0:
            raise RuntimeError("the library refuses the call")
        return took

    def run(self, at, seconds, between):
        """Seconds per call, from number at on; below 0 if the function refuses one."""
        if repeat is None:
            return self.run_without(at, seconds)
        return repeat(self.function, ctypes.c_void_p(self.words.ctypes.data), ctypes.c_long(len(self.words)),
                      ctypes.byref(at), ctypes.c_double(seconds), ctypes.c_long(between), int(self.checked))

    def run_without(self, at, seconds):
        """The same without repeat.c: Python's own time for a call, half a microsecond or so, is included."""
        function = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * WORDS)(self.function.value)
        words, count, began = self.words.tolist(), 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds or not count:
            if function(*words[at.value]) and self.checked:
                return -1
            at.value, count = (at.value + 1) % len(words), count + 1
        return took / count


repeat = None  # the function of repeat.c


def use(library):
    """Has FromC call by repeat.c, which was built as a library, if it was."""
    global repeat
    if library.exists():
        repeat = ctypes.CDLL(str(library)).repeat
        repeat.restype = ctypes.c_double


def word(argument):
    """An argument as the number that its register holds: a number, text, an array's address, or another object's."""
    if argument is None:
        return 0
    if isinstance(argument, int):
        return argument
    if isinstance(argument, bytes):
        return ctypes.cast(argument, ctypes.c_void_p).value
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data
    return argument.value or 0 if isinstance(argument, ctypes.c_void_p) else ctypes.addressof(argument)
