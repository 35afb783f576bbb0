/* The program around the library: it opens it from its own folder, has it filled, and dies. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *open_beside(const char *name) {
	static char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
	path[length < 0 ? 0 : length] = 0;
	strcpy(strrchr(path, '/') + 1, name);
	void *library = dlopen(path, RTLD_NOW);
	if (!library) { fputs(dlerror(), stderr); exit(3); }
	return library;
}

static __attribute__((noinline)) void give_up(void) { abort(); }

int main(int argc, char **argv) {
	if (!strcmp(argv[1], "two")) {
		void *second = open_beside("libsecond.so");
		((void (*)(int))dlsym(second, "FillSecond"))(7000);
	}
	void *first = open_beside("libfirst.so");
	((void (*)(int))dlsym(first, "FillFirst"))(3000);
	if (!strcmp(argv[1], "go")) ((void (*)(void))dlsym(first, "Blow"))();
	give_up();
	return 0;
}
