// A stand-in for NVIDIA's driver, for tests of what the library does with it. Device memory is host memory; copies and fills wait, as a
// stream's work may, until something waits for them; of kernels it runs one, "Probe", whose arguments it unpacks itself. Which calls fail
// stands in calls.h. A status from 700 to 719 is a fault of the context, which from then on answers every call with it. STANDIN_DEVICES:
// how many devices there are; STANDIN_VERSION: the driver's. Compiled with WITHOUT_EVENTS it lacks a function.
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define DEFAULT_STATUS 2
#include "calls.h"

enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_CONTEXT = 201, INVALID_PTX = 218, NOT_FOUND = 500, FAULT = 700, LAST_FAULT = 719 };
enum { DEEPEST = 16, MOST_PENDING = 4096, MOST_IN_GRAPH = 64 };

typedef struct { int alive, fault; } CONTEXT;
typedef struct { int order; } EVENT;
typedef struct { char *image; } MODULE;
typedef struct { char name[256]; } FUNCTION;
typedef struct { void *to; const void *from; size_t bytes; uint32_t bits; } WORK;
typedef struct block { char *start; size_t bytes; CONTEXT *owner; struct block *next; } BLOCK;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int stream_object;
static _Thread_local CONTEXT *contexts[DEEPEST];
static _Thread_local int depth;
static WORK pending[MOST_PENDING];
static int asked, done, live, alive;
static BLOCK *blocks;
static char *last_image;
// What was asked for between the two ends of a capture: fills, and how many kernels.
static WORK graph[MOST_IN_GRAPH];
static int capturing, graph_fills, graph_kernels, graph_launches;

static CONTEXT *current(void) { return depth ? contexts[depth - 1] : NULL; }

static void unlock(pthread_mutex_t **lock) { pthread_mutex_unlock(*lock); }

#define LOCK() __attribute__((cleanup(unlock))) pthread_mutex_t *lock = &gate; pthread_mutex_lock(lock)
#define MAY_FAIL() LOCK(); do { int status = fails(__func__); if (status) return status; } while (0)

// As the driver: most calls need a context of the calling thread, and none that has met a fault.
static int enter(const char *name)
{
    int status = fails(name);
    CONTEXT *context = current();
    if (!context || !context->alive)
        return INVALID_CONTEXT;
    if (status >= FAULT && status <= LAST_FAULT)
        context->fault = status;
    return context->fault ? context->fault : status;
}

#define IN_CONTEXT() LOCK(); do { int status = enter(__func__); if (status) return status; } while (0)

static void run_up_to(int order)
{
    for (; done < order; done++) {
        WORK *work = &pending[done % MOST_PENDING];
        if (work->from)
            memcpy(work->to, work->from, work->bytes);
        else
            for (size_t i = 0; i < work->bytes / 4; i++)
                ((uint32_t *)work->to)[i] = work->bits;
    }
}

static void ask(void *to, const void *from, size_t bytes, uint32_t bits)
{
    if (capturing) {
        graph[graph_fills++ % MOST_IN_GRAPH] = (WORK){ to, from, bytes, bits };
        return;
    }
    if (asked - done == MOST_PENDING)
        run_up_to(asked);
    pending[asked++ % MOST_PENDING] = (WORK){ to, from, bytes, bits };
}

static BLOCK **find(const void *place)
{
    for (BLOCK **block = &blocks; *block; block = &(*block)->next)
        if ((const char *)place >= (*block)->start && (const char *)place < (*block)->start + (*block)->bytes)
            return block;
    return NULL;
}

static int take(void **memory, size_t bytes)
{
    BLOCK *block = malloc(sizeof *block);
    *block = (BLOCK){ aligned_alloc(256, (bytes + 255) / 256 * 256), bytes, current(), blocks };
    if (bytes == 0 || !block->start) {
        free(block);
        return bytes == 0 ? INVALID_VALUE : OUT_OF_MEMORY;
    }
    *memory = block->start;
    blocks = block;
    live++;
    return 0;
}

static int give_back(void *memory)
{
    run_up_to(asked);
    BLOCK **place = find(memory), *block = place ? *place : NULL;
    if (!block || block->start != memory || block->owner != current())
        return INVALID_VALUE;
    *place = block->next;
    free(block->start);
    free(block);
    live--;
    return 0;
}

int standin_live(void) { LOCK(); return live; }
int standin_contexts(void) { LOCK(); return alive; }
int standin_graph_launches(void) { LOCK(); return graph_launches; }
int standin_depth(void) { return depth; }
const char *standin_image(void) { LOCK(); return last_image; }
// What another library of the process may have made the thread's.
void *standin_push(void) { CONTEXT *made = calloc(1, sizeof *made); made->alive = 1; return contexts[depth++] = made; }
void *standin_pop(void) { return depth ? contexts[--depth] : NULL; }

int cuInit(unsigned flags) { (void)flags; MAY_FAIL(); return 0; }

int cuDriverGetVersion(int *version)
{
    MAY_FAIL();
    const char *text = getenv("STANDIN_VERSION");
    *version = text ? atoi(text) : 12080;
    return 0;
}

int cuGetErrorName(int status, const char **name)
{
    static const struct { int status; const char *name; } names[] = {
        { INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE" }, { OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY" }, { 100, "CUDA_ERROR_NO_DEVICE" },
        { INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT" }, { INVALID_PTX, "CUDA_ERROR_INVALID_PTX" }, { NOT_FOUND, "CUDA_ERROR_NOT_FOUND" },
        { FAULT, "CUDA_ERROR_ILLEGAL_ADDRESS" }, { LAST_FAULT, "CUDA_ERROR_LAUNCH_FAILED" },
    };
    MAY_FAIL();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].status == status) {
            *name = names[i].name;
            return 0;
        }
    return INVALID_VALUE;
}

int cuGetErrorString(int status, const char **text) { (void)status; MAY_FAIL(); *text = "the stand-in refuses"; return 0; }

int cuDeviceGetCount(int *count)
{
    MAY_FAIL();
    const char *devices = getenv("STANDIN_DEVICES");
    *count = devices ? atoi(devices) : 1;
    return 0;
}

int cuDeviceGet(int *device, int ordinal) { MAY_FAIL(); *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { (void)device; MAY_FAIL(); snprintf(name, (size_t)length, "Stand-in"); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; MAY_FAIL(); *bytes = (size_t)8 << 30; return 0; }

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    (void)device;
    MAY_FAIL();
    switch (attribute) {
    case 1: case 2: case 3: case 4: *value = 1024; return 0; // threads of a block, in all and by axis
    case 5: case 6: case 7: *value = 65535; return 0; // blocks, by axis
    case 8: *value = 48 << 10; return 0; // shared memory of a block
    case 10: *value = 32; return 0; // threads of a warp
    case 16: *value = 4; return 0; // multiprocessors
    case 75: *value = 9; return 0; // compute capability
    case 76: *value = 0; return 0;
    default: *value = 1; return 0;
    }
}

int cuCtxCreate_v2(CONTEXT **context, unsigned flags, int device)
{
    (void)flags;
    (void)device;
    MAY_FAIL();
    *context = calloc(1, sizeof(CONTEXT));
    (*context)->alive = 1;
    contexts[depth++] = *context;
    live++;
    alive++;
    return 0;
}

// The object stays, so that a call with it later is known for what it is.
int cuCtxDestroy_v2(CONTEXT *context)
{
    MAY_FAIL();
    if (!context || !context->alive)
        return INVALID_CONTEXT;
    run_up_to(asked);
    context->alive = 0;
    if (current() == context)
        depth--;
    live--;
    alive--;
    return 0;
}

// None: as taking away the one on top.
int cuCtxSetCurrent(CONTEXT *context)
{
    MAY_FAIL();
    if (!context) {
        depth -= depth > 0;
        return 0;
    }
    if (!context->alive)
        return INVALID_CONTEXT;
    if (context->fault)
        return context->fault;
    if (depth == 0)
        depth = 1;
    contexts[depth - 1] = context;
    return 0;
}

int cuCtxGetCurrent(CONTEXT **context) { MAY_FAIL(); *context = current(); return 0; }

int cuCtxPopCurrent_v2(CONTEXT **context)
{
    MAY_FAIL();
    if (depth == 0)
        return INVALID_CONTEXT;
    *context = contexts[--depth];
    return 0;
}

int cuCtxGetSharedMemConfig(int *config) { IN_CONTEXT(); *config = 1; return 0; }
int cuCtxGetCacheConfig(int *config) { IN_CONTEXT(); *config = 0; return 0; }

int cuStreamCreate(void **stream, unsigned flags) { (void)flags; IN_CONTEXT(); *stream = &stream_object; live++; return 0; }
int cuStreamDestroy_v2(void *stream) { (void)stream; IN_CONTEXT(); live--; return 0; }
int cuStreamSynchronize(void *stream) { (void)stream; IN_CONTEXT(); run_up_to(asked); return 0; }
int cuEventCreate(EVENT **event, unsigned flags) { (void)flags; IN_CONTEXT(); *event = calloc(1, sizeof(EVENT)); live++; return 0; }
int cuEventRecord(EVENT *event, void *stream) { (void)stream; IN_CONTEXT(); event->order = asked; return 0; }
int cuEventSynchronize(EVENT *event) { IN_CONTEXT(); run_up_to(event->order); return 0; }
#ifndef WITHOUT_EVENTS
int cuEventDestroy_v2(EVENT *event) { IN_CONTEXT(); free(event); live--; return 0; }
#endif

int cuMemAlloc_v2(void **memory, size_t bytes) { IN_CONTEXT(); return take(memory, bytes); }
int cuMemFree_v2(void *memory) { IN_CONTEXT(); return give_back(memory); }
int cuMemAllocHost_v2(void **memory, size_t bytes) { IN_CONTEXT(); return take(memory, bytes); }
int cuMemFreeHost(void *memory) { IN_CONTEXT(); return give_back(memory); }
int cuMemcpyAsync(void *to, const void *from, size_t bytes, void *stream) { (void)stream; IN_CONTEXT(); ask(to, from, bytes, 0); return 0; }
int cuMemsetD32Async(void *to, unsigned bits, size_t count, void *stream) { (void)stream; IN_CONTEXT(); ask(to, NULL, count * 4, bits); return 0; }

int cuPointerGetAttribute(void *value, int attribute, const void *place)
{
    MAY_FAIL();
    BLOCK **block = find(place);
    if (!block || attribute != 1)
        return INVALID_VALUE;
    *(CONTEXT **)value = (*block)->owner;
    return 0;
}

int cuModuleLoadDataEx(MODULE **module, const char *image, unsigned count, const int *names, void **values)
{
    IN_CONTEXT();
    free(last_image);
    last_image = strdup(image);
    if (strstr(image, "Refused")) {
        for (unsigned i = 0; i < count; i++)
            if (names[i] == 5)
                strcpy(values[i], "ptxas: line 7: unexpected");
        return INVALID_PTX;
    }
    *module = malloc(sizeof(MODULE));
    (*module)->image = strdup(image);
    live++;
    return 0;
}

int cuModuleUnload(MODULE *module) { IN_CONTEXT(); if (!module) return INVALID_VALUE; free(module->image); free(module); live--; return 0; }

int cuModuleGetFunction(FUNCTION **function, MODULE *module, const char *name)
{
    IN_CONTEXT();
    char entry[300];
    snprintf(entry, sizeof entry, ".entry %s(", name);
    if (!strstr(module->image, entry))
        return NOT_FOUND;
    *function = malloc(sizeof(FUNCTION));
    snprintf((*function)->name, sizeof (*function)->name, "%s", name);
    return 0;
}

// y[i] = a x[i] + what the launch was, i below count.
struct probe { const float *x; int64_t x_length; float *y; int64_t y_length; float a; int32_t count; };

static int probe(unsigned groups, unsigned size, const struct probe *p, size_t bytes)
{
    if (bytes != sizeof *p || p->x_length < p->count || p->y_length < p->count)
        return INVALID_VALUE;
    for (int i = 0; i < p->count; i++)
        p->y[i] = p->a * p->x[i] + (float)(groups * size);
    return 0;
}

int cuLaunchKernel(FUNCTION *function, unsigned gx, unsigned gy, unsigned gz, unsigned x, unsigned y, unsigned z, unsigned shared, void *stream, void **arguments, void **extra)
{
    (void)stream;
    IN_CONTEXT();
    // Arguments come as one block: its place (1), its size (2), the end.
    if (gx == 0 || gy != 1 || gz != 1 || x == 0 || y != 1 || z != 1 || shared != 0 || arguments || !extra || extra[0] != (void *)1 || extra[2] != (void *)2 || extra[4])
        return INVALID_VALUE;
    if (capturing) {
        graph_kernels++;
        return 0;
    }
    run_up_to(asked);
    return strstr(function->name, "Probe") ? probe(gx, x, extra[1], *(size_t *)extra[3]) : 0;
}

// One graph at a time: its fills are done at a launch, its kernels are only counted.
int cuStreamBeginCapture_v2(void *stream, int mode)
{
    IN_CONTEXT();
    if (stream != &stream_object || mode != 1 || capturing)
        return INVALID_VALUE;
    capturing = 1;
    graph_fills = graph_kernels = 0;
    return 0;
}

int cuStreamEndCapture(void *stream, void **made) { (void)stream; capturing = 0; IN_CONTEXT(); *made = graph; live++; return 0; }
int cuGraphDestroy(void *made) { (void)made; IN_CONTEXT(); live--; return 0; }

int cuGraphInstantiateWithFlags(void **executable, void *made, uint64_t flags)
{
    IN_CONTEXT();
    if (made != graph || flags != 0)
        return INVALID_VALUE;
    *executable = &graph_kernels;
    live++;
    return 0;
}

int cuGraphLaunch(void *executable, void *stream)
{
    (void)stream;
    IN_CONTEXT();
    if (executable != &graph_kernels)
        return INVALID_VALUE;
    for (int i = 0; i < graph_fills; i++)
        ask(graph[i].to, graph[i].from, graph[i].bytes, graph[i].bits);
    graph_launches++;
    return 0;
}

int cuGraphExecDestroy(void *executable) { (void)executable; IN_CONTEXT(); live--; return 0; }
