// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A line from the terminal, by readline, and what signals do meanwhile: Ctrl-C gives the line up,
 * Ctrl-Z stops the shell with the terminal as it was found, a new size is drawn.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "shell/prompt/hist.h"
#include "shell/prompt/int.h"

static volatile sig_atomic_t given_up, resumed;

static void on_interrupt(int sig)
{
	(void)sig;
	given_up = 1;
}

static void on_continue(int sig)
{
	(void)sig;
	resumed = 1;
}

/* wait for a key or a signal; false: a signal came */
static bool wait_key(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t all, old;
	int n = -1;

	/* none comes between the question and the waiting */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	errno = EINTR;
	if (!given_up && !resumed && !rl_pending_signal())
		n = ppoll(&p, 1, NULL, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return n > 0 || errno != EINTR;
}

static void go_to_end(void)
{
	rl_point = rl_end;
	rl_redisplay();
}

static void give_up(void)
{
	go_to_end();
	rl_replace_line("", 0);
	rl_point = rl_end = 0;
}

static int read_key(FILE *from)
{
	unsigned char c;
	ssize_t n;

	complete_settle();
	for (;;) {
		if (given_up) {
			give_up();
			return EOF;
		}
		if (resumed) {
			resumed = 0;
			rl_forced_update_display();
		}
		if (!wait_key(fileno(from))) {
			if (rl_pending_signal() == SIGINT && !RL_ISSTATE(RL_STATE_ISEARCH))
				go_to_end();	/* ^C is shown there */
			rl_check_signals();
			continue;
		}
		n = read(fileno(from), &c, 1);
		if (n == 1)
			return c;
		if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return EOF;
	}
}

static struct prompt *prompt_read;

/* a line given up is no end of input, behind which readline begins a line in some cases */
static void leave_terminal(void)
{
	if (given_up)
		rl_eof_found = 0;
	rl_deprep_terminal();
}

/* the prompt is shown: what takes a moment comes after it */
static int when_shown(void)
{
	health_refresh(prompt_read, true);
	return 0;
}

/* the terminal, where a line is one write; standard error would write every byte by itself */
static FILE *open_screen(void)
{
	int fd = fcntl(isatty(2) ? 2 : 1, F_DUPFD_CLOEXEC, 10);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");

	return to ? to : stderr;
}

void read_begin(struct prompt *pr)
{
	prompt_read = pr;
	rl_pre_input_hook = when_shown;
	rl_readline_name = "virgo";
	rl_instream = stdin;
	rl_outstream = open_screen();
	rl_getc_function = read_key;
	rl_deprep_term_function = leave_terminal;
	rl_change_environment = 0;
	rl_catch_signals = 1;
	rl_catch_sigwinch = 1;
	complete_begin(pr);
	rl_initialize();
	hint_begin(pr);
	using_history();
	stifle_history(HIST_ENTRIES);
}

char *read_line(struct prompt *pr, const char *prompt, bool *cancelled)
{
	struct sigaction reading = { .sa_handler = on_interrupt }, running;
	struct sigaction going_on = { .sa_handler = on_continue }, before;
	char *line;

	(void)pr;
	given_up = resumed = 0;
	sigaction(SIGINT, &reading, &running);
	sigaction(SIGCONT, &going_on, &before);
	rl_reset_screen_size();		/* it may have changed while a command ran */
	line = readline(prompt);
	fflush(rl_outstream);
	sigaction(SIGCONT, &before, NULL);
	sigaction(SIGINT, &running, NULL);
	*cancelled = given_up;
	if (!given_up)
		return line;
	free(line);
	fputc('\n', rl_outstream);
	fflush(rl_outstream);
	return NULL;
}

/* an older entry that is the same goes */
void read_remember(struct prompt *pr, const char *entry)
{
	HIST_ENTRY **list = history_list(), *old;
	int i;

	(void)pr;
	for (i = 0; list && list[i]; i++) {
		if (strcmp(list[i]->line, entry))
			continue;
		old = remove_history(i);
		free_history_entry(old);
		break;
	}
	add_history(entry);
}
