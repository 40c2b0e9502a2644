// A stand-in for the OpenCL loader that fails where it is told to (calls.h), for tests of what the library does then. All else goes to the
// real loader. STANDIN_PLATFORMS=none: no driver is registered; =empty: a platform without devices.
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#define DEFAULT_STATUS -6
#include "calls.h"

static void *real(const char *name)
{
    static void *loader;
    if (!loader)
        loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    return loader ? dlsym(loader, name) : NULL;
}

static int platforms(const char *kind)
{
    const char *text = getenv("STANDIN_PLATFORMS");
    return text && strcmp(text, kind) == 0;
}

// A function that returns a status.
#define STATUS(name, parameters, arguments)                                     \
    int name parameters                                                         \
    {                                                                           \
        int (*forward) parameters = (int (*) parameters)real(#name);            \
        int status = forward ? fails(#name) : DEFAULT_STATUS;                   \
        return status ? status : forward arguments;                             \
    }

// A function that returns an object and puts a status into its last argument.
#define OBJECT(name, parameters, arguments)                                     \
    void *name parameters                                                       \
    {                                                                           \
        void *(*forward) parameters = (void *(*) parameters)real(#name);        \
        *error = forward ? fails(#name) : DEFAULT_STATUS;                       \
        return *error ? NULL : forward arguments;                               \
    }

typedef void *P;
typedef uint32_t U;
typedef uint64_t L;
typedef size_t S;

int clGetPlatformIDs(U entries, P *list, U *count)
{
    if (platforms("none"))
        return -1001;
    if (platforms("empty")) {
        if (count)
            *count = 1;
        if (list)
            list[0] = (P)1;
        return 0;
    }
    int (*forward)(U, P *, U *) = (int (*)(U, P *, U *))real("clGetPlatformIDs");
    int status = forward ? fails("clGetPlatformIDs") : DEFAULT_STATUS;
    return status ? status : forward(entries, list, count);
}

int clGetDeviceIDs(P platform, L type, U entries, P *list, U *count)
{
    if (platforms("empty"))
        return -1;
    int (*forward)(P, L, U, P *, U *) = (int (*)(P, L, U, P *, U *))real("clGetDeviceIDs");
    int status = forward ? fails("clGetDeviceIDs") : DEFAULT_STATUS;
    return status ? status : forward(platform, type, entries, list, count);
}

// Its failure is to know no function.
void *clGetExtensionFunctionAddressForPlatform(P platform, const char *name)
{
    void *(*forward)(P, const char *) = (void *(*)(P, const char *))real("clGetExtensionFunctionAddressForPlatform");
    return !forward || fails("clGetExtensionFunctionAddressForPlatform") ? NULL : forward(platform, name);
}

STATUS(clGetPlatformInfo, (P platform, U name, S size, P value, S *length), (platform, name, size, value, length))
STATUS(clGetDeviceInfo, (P device, U name, S size, P value, S *length), (device, name, size, value, length))
OBJECT(clCreateContext, (P properties, U count, P devices, P notify, P data, int *error), (properties, count, devices, notify, data, error))
STATUS(clReleaseContext, (P context), (context))
OBJECT(clCreateCommandQueue, (P context, P device, L properties, int *error), (context, device, properties, error))
OBJECT(clCreateCommandQueueWithProperties, (P context, P device, P properties, int *error), (context, device, properties, error))
STATUS(clReleaseCommandQueue, (P queue), (queue))
OBJECT(clCreateBuffer, (P context, L flags, S size, P host, int *error), (context, flags, size, host, error))
STATUS(clReleaseMemObject, (P memory), (memory))
OBJECT(clCreateProgramWithSource, (P context, U count, P texts, S *lengths, int *error), (context, count, texts, lengths, error))

static int refused;

int clBuildProgram(P program, U count, P devices, P options, P notify, P data)
{
    int (*forward)(P, U, P, P, P, P) = (int (*)(P, U, P, P, P, P))real("clBuildProgram");
    refused = forward ? fails("clBuildProgram") : DEFAULT_STATUS;
    return refused ? refused : forward(program, count, devices, options, notify, data);
}

// Of a build that was refused here, the real loader knows nothing.
int clGetProgramBuildInfo(P program, P device, U name, S size, P value, S *length)
{
    static const char log[] = "line 7: unexpected";
    int (*forward)(P, P, U, S, P, S *) = (int (*)(P, P, U, S, P, S *))real("clGetProgramBuildInfo");
    int status = forward ? fails("clGetProgramBuildInfo") : DEFAULT_STATUS;
    if (status)
        return status;
    if (!refused)
        return forward(program, device, name, size, value, length);
    if (value && size >= sizeof log)
        memcpy(value, log, sizeof log);
    if (length)
        *length = sizeof log;
    return 0;
}

STATUS(clReleaseProgram, (P program), (program))
OBJECT(clCreateKernel, (P program, const char *name, int *error), (program, name, error))
STATUS(clReleaseKernel, (P kernel), (kernel))
STATUS(clGetKernelWorkGroupInfo, (P kernel, P device, U name, S size, P value, S *length), (kernel, device, name, size, value, length))
STATUS(clSetKernelArg, (P kernel, U index, S size, P value), (kernel, index, size, value))
STATUS(clEnqueueNDRangeKernel, (P queue, P kernel, U axes, P offset, P size, P groups, U waits, P list, P done),
    (queue, kernel, axes, offset, size, groups, waits, list, done))
STATUS(clEnqueueBarrierWithWaitList, (P queue, U waits, P list, P done), (queue, waits, list, done))
STATUS(clEnqueueWriteBuffer, (P queue, P buffer, U blocking, S offset, S size, P source, U waits, P list, P done),
    (queue, buffer, blocking, offset, size, source, waits, list, done))
STATUS(clEnqueueReadBuffer, (P queue, P buffer, U blocking, S offset, S size, P destination, U waits, P list, P done),
    (queue, buffer, blocking, offset, size, destination, waits, list, done))
STATUS(clEnqueueFillBuffer, (P queue, P buffer, P pattern, S bytes, S offset, S size, U waits, P list, P done),
    (queue, buffer, pattern, bytes, offset, size, waits, list, done))
STATUS(clFlush, (P queue), (queue))
STATUS(clGetMemObjectInfo, (P memory, U name, S size, P value, S *length), (memory, name, size, value, length))
#ifndef WITHOUT_CLFINISH
STATUS(clFinish, (P queue), (queue))
#endif
