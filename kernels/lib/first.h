// Which of two values comes first in the order of ArgReduce, TopK and SegmentExtreme.
#ifndef LIB_FIRST
#define LIB_FIRST

// Whether value b at position q comes before value a at position p: the larger (or smaller), NaN before all, the lower position among
// equals. A position of -1 is none.
DEVICE int comes_first(int largest, float b, int q, float a, int p)
{
    if (p < 0 || q < 0) {
        return p < 0 && q >= 0;
    }
    int nan_a = a != a, nan_b = b != b;
    if (nan_a || nan_b) {
        return nan_a && nan_b ? q < p : nan_b;
    }
    return a == b ? q < p : largest ? b > a : b < a;
}

#endif
