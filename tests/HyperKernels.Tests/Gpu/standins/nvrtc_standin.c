// A stand-in for NVIDIA's run-time compiler: its image is the source itself. A text that says "refused by the compiler" is refused, with a
// log. STANDIN_FAILS names the function that fails, with status 1. Compiled with WITHOUT_CUBIN it lacks a function.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int fails(const char *name)
{
    const char *wanted = getenv("STANDIN_FAILS");
    return wanted && strcmp(wanted, name) == 0;
}

#define MAY_FAIL() do { if (fails(__func__)) return 1; } while (0)

static const char refusal[] = "segment.c(12): error: identifier \"nope\" is undefined";

int nvrtcVersion(int *major, int *minor) { MAY_FAIL(); *major = 12; *minor = 4; return 0; }
const char *nvrtcGetErrorString(int status) { return status == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_OUT_OF_MEMORY"; }
int nvrtcGetNumSupportedArchs(int *count) { MAY_FAIL(); *count = 3; return 0; }
int nvrtcGetSupportedArchs(int *list) { MAY_FAIL(); list[0] = 75; list[1] = 80; list[2] = 90; return 0; }

int nvrtcCreateProgram(char **program, const char *text, const char *name, int headers, const char **texts, const char **names)
{
    (void)name; (void)texts; (void)names;
    MAY_FAIL();
    *program = strdup(text);
    return headers;
}

int nvrtcDestroyProgram(char **program) { MAY_FAIL(); free(*program); return 0; }

int nvrtcCompileProgram(char *program, int count, const char **options)
{
    MAY_FAIL();
    for (int i = 0; i < count; i++)
        if (strcmp(options[i], "--gpu-architecture=sm_90") == 0)
            return strstr(program, "refused by the compiler") ? 6 : 0;
    return 5;
}

int nvrtcGetProgramLogSize(char *program, size_t *size) { (void)program; MAY_FAIL(); *size = sizeof refusal; return 0; }
int nvrtcGetProgramLog(char *program, char *log) { (void)program; MAY_FAIL(); strcpy(log, refusal); return 0; }
#ifndef WITHOUT_CUBIN
int nvrtcGetCUBINSize(char *program, size_t *size) { MAY_FAIL(); *size = strlen(program) + 1; return 0; }
#endif
int nvrtcGetCUBIN(char *program, char *image) { MAY_FAIL(); strcpy(image, program); return 0; }
int nvrtcGetPTXSize(char *program, size_t *size) { MAY_FAIL(); *size = strlen(program) + 1; return 0; }
int nvrtcGetPTX(char *program, char *image) { MAY_FAIL(); strcpy(image, program); return 0; }
