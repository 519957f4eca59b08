// Calls a function of a library in C, again and again, so that nothing of Python is in its time.
//
//   gcc -O2 -shared -fPIC repeat.c -o repeat.so
//
// Arguments are whole numbers and pointers, at most 12, in words of 64 bits. Functions with fewer of them do not
// see the rest. That holds for the calling conventions of Linux on amd64 and arm64.
#include <time.h>

typedef long (*function)(long, long, long, long, long, long, long, long, long, long, long, long);

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

// repeat makes calls with each of count lists of arguments in turn, from number *at on, for at least the seconds,
// and at least one. It returns the seconds per call. A call that answers anything but 0 ends it, if that is an error.
double repeat(function f, const long *arguments, long count, long *at, double seconds, long between, int checked) {
	double began = now(), took;
	long calls = 0;
	do {
		for (long i = 0; i < between; i++, calls++) { // so that the clock costs nothing
			const long *a = arguments + 12 * *at;
			long failed = f(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
			if (checked && failed) return -1;
			if (++*at == count) *at = 0;
		}
	} while ((took = now() - began) < seconds);
	return took / calls;
}
