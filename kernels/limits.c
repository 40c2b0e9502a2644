// What a device can do at most, for benchmarks.

// y[i] = the end of eight chains of multiply-adds, steps long: arithmetic alone.   y [GLOBAL_SIZE]
// Any launch size. Operations: 16 steps a thread.
KERNEL(256) multiply_add(int steps, float factor, float addend, OUT(float, y))
{
    DATA_OUT(float, y);
    float a = factor, b = factor + 1, c = factor + 2, d = factor + 3;
    float e = factor + 4, f = factor + 5, g = factor + 6, h = factor + 7;
    for (int step = 0; step < steps; step++) {
        a = FMA(a, factor, addend);
        b = FMA(b, factor, addend);
        c = FMA(c, factor, addend);
        d = FMA(d, factor, addend);
        e = FMA(e, factor, addend);
        f = FMA(f, factor, addend);
        g = FMA(g, factor, addend);
        h = FMA(h, factor, addend);
    }
    y[GLOBAL_ID] = a + b + c + d + e + f + g + h;
}
