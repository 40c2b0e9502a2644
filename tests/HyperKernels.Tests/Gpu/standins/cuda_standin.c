// A stand-in for NVIDIA's driver, for tests of what the library does with it. Device memory is host memory; copies and fills wait, as a
// stream's work may, until something waits for them; of kernels it runs one, "probe", whose arguments it unpacks itself.
// STANDIN_FAILS names the function that fails, STANDIN_STATUS is the status it answers with (2: out of memory), STANDIN_AFTER the number of
// calls that go well before; standin_fail sets the same from inside the process. STANDIN_DEVICES: how many devices there are;
// STANDIN_POOLS=0: none of them hands out memory in stream order. Compiled with WITHOUT_EVENTS it lacks a function.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVALID_VALUE = 1, INVALID_CONTEXT = 201, NOT_FOUND = 500 };

typedef struct { int order; } EVENT;
typedef struct { char *image; } MODULE;
typedef struct { const char *image; char name[64]; int size; } FUNCTION;
typedef struct { void *to; const void *from; size_t bytes; uint32_t bits; } WORK;

static int context_object, stream_object;
static _Thread_local void *contexts[16];
static _Thread_local int depth;
static WORK pending[4096];
static int asked, done, live;
// What was asked for between the two ends of a capture: fills, and how many kernels.
static WORK graph[64];
static int capturing, graph_fills, graph_kernels, graph_launches;
static char failing[64];
static int failing_status, failing_after;

static int fails(const char *name)
{
    const char *wanted = failing[0] ? failing : getenv("STANDIN_FAILS");
    if (!wanted || strcmp(wanted, name) != 0)
        return 0;
    static int calls;
    if (failing[0])
        return failing_after-- > 0 ? 0 : failing_status;
    const char *after = getenv("STANDIN_AFTER"), *status = getenv("STANDIN_STATUS");
    return calls++ < (after ? atoi(after) : 0) ? 0 : status ? atoi(status) : 2;
}

#define MAY_FAIL() do { int status = fails(__func__); if (status) return status; } while (0)
// As the driver: most calls need a context of the calling thread.
#define IN_CONTEXT() do { MAY_FAIL(); if (depth == 0 || contexts[depth - 1] != &context_object) return INVALID_CONTEXT; } while (0)

static void run_up_to(int order)
{
    for (; done < order; done++) {
        WORK *work = &pending[done % 4096];
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
        graph[graph_fills++ % 64] = (WORK){ to, from, bytes, bits };
        return;
    }
    if (asked - done == 4096)
        run_up_to(asked);
    pending[asked++ % 4096] = (WORK){ to, from, bytes, bits };
}

void standin_fail(const char *name, int status, int after)
{
    snprintf(failing, sizeof failing, "%s", name);
    failing_status = status;
    failing_after = after;
}

int standin_live(void) { return live; }
int standin_graph_launches(void) { return graph_launches; }
int standin_depth(void) { return depth; }
void *standin_context(void) { return &context_object; }

int cuInit(unsigned flags) { (void)flags; MAY_FAIL(); return 0; }
int cuDriverGetVersion(int *version) { MAY_FAIL(); *version = 12080; return 0; }

int cuGetErrorName(int status, const char **name)
{
    static const struct { int status; const char *name; } names[] = {
        { 1, "CUDA_ERROR_INVALID_VALUE" }, { 2, "CUDA_ERROR_OUT_OF_MEMORY" }, { 100, "CUDA_ERROR_NO_DEVICE" },
        { 201, "CUDA_ERROR_INVALID_CONTEXT" }, { 218, "CUDA_ERROR_INVALID_PTX" }, { 500, "CUDA_ERROR_NOT_FOUND" },
        { 700, "CUDA_ERROR_ILLEGAL_ADDRESS" }, { 719, "CUDA_ERROR_LAUNCH_FAILED" },
    };
    MAY_FAIL();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].status == status) {
            *name = names[i].name;
            return 0;
        }
    return INVALID_VALUE;
}

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
    const char *pools = getenv("STANDIN_POOLS");
    switch (attribute) {
    case 16: *value = 4; return 0;
    case 75: *value = 9; return 0;
    case 76: *value = 0; return 0;
    case 115: *value = pools ? atoi(pools) : 1; return 0;
    default: return INVALID_VALUE;
    }
}

int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; MAY_FAIL(); *context = &context_object; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; MAY_FAIL(); return 0; }

int cuCtxPushCurrent_v2(void *context)
{
    MAY_FAIL();
    if (context != &context_object || depth == 16)
        return INVALID_CONTEXT;
    contexts[depth++] = context;
    return 0;
}

int cuCtxPopCurrent_v2(void **context)
{
    MAY_FAIL();
    if (depth == 0)
        return INVALID_CONTEXT;
    *context = contexts[--depth];
    return 0;
}

int cuCtxGetDevice(int *device) { IN_CONTEXT(); *device = 0; return 0; }
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; IN_CONTEXT(); *stream = &stream_object; live++; return 0; }
int cuStreamDestroy_v2(void *stream) { (void)stream; IN_CONTEXT(); live--; return 0; }
int cuStreamSynchronize(void *stream) { (void)stream; IN_CONTEXT(); run_up_to(asked); return 0; }
int cuEventCreate(EVENT **event, unsigned flags) { (void)flags; IN_CONTEXT(); *event = calloc(1, sizeof(EVENT)); live++; return 0; }
int cuEventRecord(EVENT *event, void *stream) { (void)stream; IN_CONTEXT(); event->order = asked; return 0; }
int cuEventSynchronize(EVENT *event) { IN_CONTEXT(); run_up_to(event->order); return 0; }
#ifndef WITHOUT_EVENTS
int cuEventDestroy_v2(EVENT *event) { IN_CONTEXT(); free(event); live--; return 0; }
#endif

int cuMemAlloc_v2(void **memory, size_t bytes) { IN_CONTEXT(); *memory = malloc(bytes); live++; return *memory ? 0 : 2; }
int cuMemFree_v2(void *memory) { IN_CONTEXT(); run_up_to(asked); free(memory); live--; return 0; }
int cuMemAllocAsync(void **memory, size_t bytes, void *stream) { (void)stream; IN_CONTEXT(); *memory = malloc(bytes); live++; return *memory ? 0 : 2; }
int cuMemFreeAsync(void *memory, void *stream) { (void)stream; IN_CONTEXT(); run_up_to(asked); free(memory); live--; return 0; }
int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) { (void)flags; IN_CONTEXT(); *memory = malloc(bytes); live++; return *memory ? 0 : 2; }
int cuMemFreeHost(void *memory) { IN_CONTEXT(); run_up_to(asked); free(memory); live--; return 0; }

int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { (void)stream; IN_CONTEXT(); ask(to, from, bytes, 0); return 0; }
int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, void *stream) { (void)stream; IN_CONTEXT(); ask(to, from, bytes, 0); return 0; }
int cuMemsetD32Async(void *to, unsigned bits, size_t count, void *stream) { (void)stream; IN_CONTEXT(); ask(to, NULL, count * 4, bits); return 0; }

int cuModuleLoadDataEx(MODULE **module, const void *image, unsigned count, const int *names, void **values)
{
    IN_CONTEXT();
    if (strstr(image, "refused by the driver")) {
        for (unsigned i = 0; i < count; i++)
            if (names[i] == 5)
                strcpy(values[i], "ptxas: line 7: unexpected");
        return 218;
    }
    *module = malloc(sizeof(MODULE));
    (*module)->image = strdup(image);
    return 0;
}

int cuModuleUnload(MODULE *module) { IN_CONTEXT(); free(module->image); free(module); return 0; }

// The image is the source: a kernel's size stands before its name, unless a macro made the kernel.
int cuModuleGetFunction(FUNCTION **function, MODULE *module, const char *name)
{
    IN_CONTEXT();
    char call[80];
    snprintf(call, sizeof call, ") %s(", name);
    const char *place = strstr(module->image, call);
    if (strstr(name, "absent"))
        return NOT_FOUND;
    while (place && place > module->image && place[-1] != '(')
        place--;
    FUNCTION *made = malloc(sizeof(FUNCTION));
    snprintf(made->name, sizeof made->name, "%s", name);
    made->image = module->image;
    made->size = place ? atoi(place) : 256;
    *function = made;
    return 0;
}

int cuFuncGetAttribute(int *value, int attribute, FUNCTION *function)
{
    IN_CONTEXT();
    *value = function->size;
    return attribute == 0 ? 0 : INVALID_VALUE;
}

// y[i] = a x[i] + shift + parts[2], i below count, added to what the launch was; absent tells whether the last buffer is.
struct sizes { int rank; int64_t parts[3]; };

static int probe(unsigned groups, unsigned size, void **p)
{
    int count = *(int *)p[0];
    struct sizes sizes = *(struct sizes *)p[1];
    const float *x = *(const float **)p[2] + *(int64_t *)p[3];
    float a = *(float *)p[4];
    int64_t shift = *(int64_t *)p[5];
    float *y = *(float **)p[6] + *(int64_t *)p[7];
    const float *absent = *(const float **)p[8];
    if (absent || *(int64_t *)p[9] != 0)
        return INVALID_VALUE;
    for (int i = 0; i < count; i++)
        y[i] = a * x[i] + (float)shift + (float)sizes.parts[2] + (float)(groups * size);
    return 0;
}

int cuLaunchKernel(FUNCTION *function, unsigned gx, unsigned gy, unsigned gz, unsigned x, unsigned y, unsigned z, unsigned shared, void *stream, void **arguments, void **extra)
{
    (void)stream;
    IN_CONTEXT();
    if (gy != 1 || gz != 1 || y != 1 || z != 1 || shared != 0 || extra || gx == 0 || (int)x > function->size)
        return INVALID_VALUE;
    if (capturing) {
        graph_kernels++;
        return 0;
    }
    run_up_to(asked);
    return strcmp(function->name, "probe") == 0 ? probe(gx, x, arguments) : 0;
}

// One graph at a time: its fills are done at a launch, its kernels are only counted.
int cuStreamBeginCapture_v2(void *stream, int mode)
{
    (void)stream;
    IN_CONTEXT();
    if (mode != 1 || capturing)
        return INVALID_VALUE;
    capturing = 1;
    graph_fills = graph_kernels = 0;
    return 0;
}

int cuStreamEndCapture(void *stream, void **made) { (void)stream; capturing = 0; IN_CONTEXT(); *made = graph; live++; return 0; }
int cuGraphDestroy(void *made) { (void)made; IN_CONTEXT(); live--; return 0; }

int cuGraphInstantiate_v2(void **executable, void *made, void **node, char *log, size_t bytes)
{
    IN_CONTEXT();
    if (made != graph || node || log || bytes)
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
