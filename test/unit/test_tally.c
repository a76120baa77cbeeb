/* Tests of lib/tally: several processes, killed ones, files of another kind, no room. */
#include "tally.h"

#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/parley-tally.XXXXXX";
static char path[64];

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/parley-tally.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void end(void)
{
	unlink(path);
	CHECK(!rmdir(folder)); /* nothing else was left in it */
}

static struct tally open_it(uint64_t layout, const char *owner)
{
	struct tally t;
	struct err e = ERR_INIT;

	if (!CHECK_CASE(!tally_open(&t, path, layout, owner, &e), e.text))
		exit(1);
	return t;
}

static uint64_t value(const struct tally *t, uint32_t kind, const char *name)
{
	return atomic_load(&tally_row(t, kind, name)->cell[0]);
}

static unsigned living(const struct tally *t)
{
	unsigned n = 0;
	int i;

	for (i = 0; i < TALLY_SLOTS; i++)
		n += tally_slot(t, i) != NULL;
	return n;
}

static unsigned rows(const struct tally *t)
{
	unsigned i = 0, n = 0;

	while (tally_next(t, &i))
		n++;
	return n;
}

/* A child that does `run` and then, with `stay`, waits until it is killed. */
static pid_t child(void (*run)(void), bool stay)
{
	sigset_t none;
	int ready[2];
	char c;
	pid_t pid;

	sigemptyset(&none);
	if (pipe(ready))
		abort();
	pid = fork();
	if (!pid) {
		close(ready[0]);
		run();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		if (stay)
			sigsuspend(&none);
		_exit(0);
	}
	close(ready[1]);
	if (stay)
		CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	return pid;
}

static void finish(pid_t pid, int signal)
{
	int status;

	if (signal)
		kill(pid, signal);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(signal ? WTERMSIG(status) : status, signal);
}

/* ------------------------------------------------------------------ rows */

static void counts_go_on_after_closing(void)
{
	struct tally t;

	begin();
	t = open_it(1, "one");
	tally_add(tally_row(&t, 0, "a"), 0, 3);
	tally_add(tally_row(&t, 1, "a"), 0, 5);
	tally_add(tally_row(&t, 0, "b"), TALLY_CELLS - 1, 7);
	tally_close(&t);
	tally_close(&t);
	CHECK(!tally_row(&t, 0, "a"));
	tally_add(tally_row(&t, 0, "a"), 0, 1);
	tally_set(&t, 0, 1);
	CHECK_INT(tally_get(&t, 0), 0);
	CHECK_INT(living(&t), 0);
	t = open_it(1, "two");
	CHECK_INT(value(&t, 0, "a"), 3);
	CHECK_INT(value(&t, 1, "a"), 5);
	CHECK_INT(atomic_load(&tally_row(&t, 0, "b")->cell[TALLY_CELLS - 1]), 7);
	CHECK_INT(rows(&t), 3);
	tally_close(&t);
	end();
}

#define CHILDREN 8
#define NAMES 40
#define ROUNDS 500

static void count_much(void)
{
	struct tally t = open_it(1, "child");
	char name[32];
	int i, k;

	for (i = 0; i < ROUNDS; i++)
		for (k = 0; k < NAMES; k++) {
			snprintf(name, sizeof(name), "name %d", k);
			tally_add(tally_row(&t, (uint32_t)k % 3, name), 0, 1);
		}
	_exit(0); /* without closing */
}

static void nothing_is_lost_among_processes_that_start_at_once(void)
{
	pid_t pids[CHILDREN];
	struct tally t;
	char name[32];
	int i;

	begin();
	for (i = 0; i < CHILDREN; i++)
		pids[i] = child(count_much, false);
	for (i = 0; i < CHILDREN; i++)
		finish(pids[i], 0);
	t = open_it(1, "parent");
	CHECK_INT(rows(&t), NAMES);
	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		CHECK_INT(value(&t, (uint32_t)i % 3, name), CHILDREN * ROUNDS);
	}
	CHECK_INT(rows(&t), NAMES);
	tally_close(&t);
	end();
}

static void what_has_no_room_is_counted_together(void)
{
	struct tally t;
	char name[TALLY_NAME + 8];
	uint64_t sum = 0;
	unsigned i;
	const struct tally_row *row;

	begin();
	t = open_it(1, "one");
	memset(name, 'x', sizeof(name));
	name[TALLY_NAME] = '\0';
	tally_add(tally_row(&t, 2, name), 0, 1);
	CHECK_INT(atomic_load(&tally_others(&t, 2)->cell[0]), 1);
	name[TALLY_NAME - 1] = '\0';
	CHECK(tally_row(&t, 2, name) != tally_others(&t, 2));
	for (i = 0; i < 3U * TALLY_ROWS; i++) {
		snprintf(name, sizeof(name), "name %u", i);
		tally_add(tally_row(&t, 3, name), 0, 1);
	}
	for (i = 0; (row = tally_next(&t, &i));)
		if (row->kind == 3)
			sum += atomic_load(&row->cell[0]);
	CHECK(sum >= TALLY_ROWS / 2 && sum < TALLY_ROWS);
	CHECK_INT(atomic_load(&tally_others(&t, 3)->cell[0]), (uint64_t)3 * TALLY_ROWS - sum);
	tally_close(&t);
	end();
}

static void a_row_whose_maker_died_is_named_by_the_next(void)
{
	struct tally t;
	struct tally_row *row;

	begin();
	t = open_it(1, "one");
	row = tally_row(&t, 0, "a");
	tally_add(row, 0, 1);
	atomic_store(&row->ready, 0); /* as if it had died before it wrote the name */
	row->name[0] = '\0';
	CHECK_INT(rows(&t), 0);
	CHECK(tally_row(&t, 0, "a") == row);
	CHECK_STR(row->name, "a");
	CHECK_INT(rows(&t), 1);
	CHECK_INT(value(&t, 0, "a"), 1);
	tally_close(&t);
	end();
}

/* ------------------------------------------------------------------ slots */

static void take_slot(void)
{
	struct tally t = open_it(1, "child");

	tally_set(&t, 0, 2);
}

static void a_killed_process_leaves_its_slot_free(void)
{
	const struct tally_slot *s;
	struct tally t;
	pid_t a, b;

	begin();
	a = child(take_slot, true);
	b = child(take_slot, true);
	t = open_it(1, "parent");
	CHECK_INT(t.slot, 2);
	CHECK_INT(living(&t), 3);
	s = tally_slot(&t, 0);
	CHECK(s && !strcmp(s->owner, "child") && s->state[0] == 2);
	finish(a, SIGKILL);
	CHECK(!tally_slot(&t, 0));
	CHECK_INT(living(&t), 2);
	a = child(take_slot, true); /* takes the lowest */
	CHECK(tally_slot(&t, 0));
	finish(a, SIGKILL);
	finish(b, SIGKILL);
	CHECK_INT(living(&t), 1);
	tally_set(&t, 1, 1);
	CHECK_INT(tally_get(&t, 1), 1);
	tally_close(&t);
	t = open_it(1, "again");
	CHECK_INT(t.slot, 0);
	CHECK_INT(tally_get(&t, 0), 0); /* nothing of the last owner's */
	tally_close(&t);
	end();
}

static void without_a_free_slot_it_still_counts(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };
	struct tally t;
	int fd;

	begin();
	t = open_it(1, "one");
	tally_close(&t);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(!fcntl(fd, F_OFD_SETLK, &all));
	t = open_it(1, "two");
	CHECK_INT(t.slot, -1);
	tally_set(&t, 0, 1);
	CHECK_INT(tally_get(&t, 0), 0);
	tally_add(tally_row(&t, 0, "a"), 0, 2);
	CHECK_INT(value(&t, 0, "a"), 2);
	tally_close(&t);
	close(fd);
	end();
}

/* ------------------------------------------------------------------ files */

static void one_of_another_layout_is_replaced(void)
{
	struct tally old, t;

	begin();
	old = open_it(1, "old");
	tally_add(tally_row(&old, 0, "a"), 0, 3);
	t = open_it(2, "new");
	CHECK_INT(rows(&t), 0);
	CHECK_INT(t.slot, 0);
	tally_add(tally_row(&old, 0, "a"), 0, 1); /* goes on in the old file */
	CHECK_INT(value(&old, 0, "a"), 4);
	CHECK_INT(rows(&t), 0);
	tally_close(&old);
	tally_close(&t);
	end();
}

static void rubbish_is_replaced(void)
{
	static const off_t sizes[] = { 0, 1, 4096, 1 << 22 };
	struct stat before, after;
	struct tally t;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		begin();
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		CHECK(!ftruncate(fd, sizes[i]));
		close(fd);
		t = open_it(1, "one");
		CHECK_INT(rows(&t), 0);
		CHECK(!stat(path, &before));
		CHECK_INT(before.st_blocks * 512 >= before.st_size, 1); /* no holes */
		tally_close(&t);
		t = open_it(1, "two");
		CHECK(!stat(path, &after));
		CHECK(before.st_ino == after.st_ino);
		tally_close(&t);
		end();
	}
}

static void fails_without_a_trace(void)
{
	struct err e = ERR_INIT;
	struct tally t;

	begin();
	CHECK_INT(tally_open(&t, "/nonexistent/folder/file", 1, "one", &e), -1);
	CHECK_INT(e.code, ERR_SYSTEM);
	CHECK(!t.file);
	CHECK(!mkdir(path, 0700)); /* a folder where the file should be */
	CHECK_INT(tally_open(&t, path, 1, "one", &e), -1);
	CHECK(!t.file);
	CHECK(!rmdir(path));
	end();
}

static const struct check_test tests[] = {
	CHECK_TEST(counts_go_on_after_closing),
	CHECK_TEST(nothing_is_lost_among_processes_that_start_at_once),
	CHECK_TEST(what_has_no_room_is_counted_together),
	CHECK_TEST(a_row_whose_maker_died_is_named_by_the_next),
	CHECK_TEST(a_killed_process_leaves_its_slot_free),
	CHECK_TEST(without_a_free_slot_it_still_counts),
	CHECK_TEST(one_of_another_layout_is_replaced),
	CHECK_TEST(rubbish_is_replaced),
	CHECK_TEST(fails_without_a_trace),
};

CHECK_MAIN(tests)
