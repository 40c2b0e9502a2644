// What the stand-ins share: a log of the functions that were called, and which calls fail. STANDIN_FAILS names the function that fails,
// STANDIN_AFTER how many of its calls go well before, STANDIN_STATUS the status it answers with (else DEFAULT_STATUS); standin_fail sets the
// same from inside the process, and standin_fail_call lets one call fail by its number, whatever its function, or that and all after it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CALLS = 1 << 16 };

static const char *called[MOST_CALLS];
static int calls, failing_call = -1, failing_stays, failing_status, failing_after;
static char failing[64];

// The status that this call is to fail with, or 0.
static int fails(const char *name)
{
    int number = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    if (number < MOST_CALLS)
        called[number] = name;
    if (failing_call >= 0)
        return number == failing_call || (failing_stays && number > failing_call) ? failing_status : 0;
    const char *wanted = failing[0] ? failing : getenv("STANDIN_FAILS");
    if (!wanted || strcmp(wanted, name) != 0)
        return 0;
    if (failing[0])
        return failing_after-- > 0 ? 0 : failing_status;
    static int met;
    const char *after = getenv("STANDIN_AFTER"), *status = getenv("STANDIN_STATUS");
    return met++ < (after ? atoi(after) : 0) ? 0 : status ? atoi(status) : DEFAULT_STATUS;
}

// The log begins anew with both.
void standin_fail(const char *name, int status, int after)
{
    calls = 0;
    failing_call = -1;
    snprintf(failing, sizeof failing, "%s", name);
    failing_status = status;
    failing_after = after;
}

void standin_fail_call(int call, int status, int stays)
{
    standin_fail("", status, 0);
    failing_call = call;
    failing_stays = stays;
}

int standin_calls(void) { return calls < MOST_CALLS ? calls : MOST_CALLS; }
const char *standin_call(int number) { return called[number]; }
