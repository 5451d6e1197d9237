// SPDX-License-Identifier: GPL-2.0
/*
 * spent FILE COMMAND [ARGUMENT]...: run COMMAND and write to FILE the nanoseconds of
 * processor time that it took, in the kernel and by its workers as well, with those
 * of its children that it waited for. By a clock that counts instructions, these are
 * instructions.
 *
 * Exits as COMMAND does, or with 127 if it can't be run.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long ns(struct timeval time)
{
	return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL;
}

int main(int argc, char *argv[])
{
	struct rusage usage;
	int status;
	FILE *file;
	pid_t pid;

	if (argc < 3)
		errx(127, "usage: spent FILE COMMAND [ARGUMENT]...");
	pid = fork();
	if (pid < 0)
		err(127, "fork");
	if (!pid) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	/* sent to the process group by a server that ends */
	signal(SIGTERM, SIG_IGN);
	while (wait4(pid, &status, 0, &usage) != pid)
		;
	file = fopen(argv[1], "w");
	if (!file || fprintf(file, "%lld\n", ns(usage.ru_utime) +
			     ns(usage.ru_stime)) < 0 || fclose(file))
		err(127, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
