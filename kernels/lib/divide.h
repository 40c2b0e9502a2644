// Division of whole numbers by one that the host knows: a product and a shift instead of some twenty instructions.
#ifndef LIB_DIVIDE
#define LIB_DIVIDE

// Laid out as Backends/Gpu/Divisor.cs, which works it out.
typedef struct {
    UINT factor;
    int shift;
} DIVISOR;

// n / d for 0 <= n < 2^31.
DEVICE int divide(int n, DIVISOR d)
{
    return (int)(((UINT64)(UINT)n * d.factor) >> d.shift);
}

#endif
