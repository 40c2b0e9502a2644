using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>
/// Rows added up at their targets, in the order of the indices and without atomics: the indices are sorted (<see cref="GatherSortKernels"/>), then runs of equal ones
/// are summed. Runs may be of any length: threads own equal shares of the sorted list, and what crosses a border is joined afterwards.
/// </summary>
internal static class GatherScatterKernels
{
    /// <summary>
    /// y [rows, width], zeros before, gets the sum of every run of equal keys; a run that crosses shares leaves its part in heads [shares, width] where it began in a
    /// share before, else in tails.   Any launch size; a thread walks one column of a share of keys.
    /// </summary>
    [Kernel]
    public static void Runs(ScatterArguments p)
    {
        long items = ((long)p.Count + p.Share - 1) / p.Share * p.Width;
        for (long item = Threads.Global; item < items; item += Threads.Count)
        {
            long number = Divide.Quotient(item, p.Width);
            long column = item - (number * p.Width);
            int begin = (int)(number * p.Share);
            int end = p.Count - begin < p.Share ? p.Count : begin + p.Share;
            int key = p.Keys[begin];
            bool beganHere = begin == 0;
            if (!beganHere)
            {
                beganHere = p.Keys[begin - 1] != key;
            }
            float sum = p.X[((long)p.Positions[begin] * p.Width) + column];
            for (int slot = begin + 1; slot < end; slot++)
            {
                int next = p.Keys[slot];
                float value = p.X[((long)p.Positions[slot] * p.Width) + column];
                if (next == key)
                {
                    sum += value;
                }
                else
                {
                    if (beganHere)
                    {
                        p.Y[((long)key * p.Width) + column] = sum;
                    }
                    else
                    {
                        p.Heads[item] = sum;
                    }
                    beganHere = true;
                    key = next;
                    sum = value;
                }
            }
            bool endsHere = end == p.Count;
            if (!endsHere)
            {
                endsHere = p.Keys[end] != key;
            }
            if (!beganHere)
            {
                p.Heads[item] = sum;
            }
            else if (endsHere)
            {
                p.Y[((long)key * p.Width) + column] = sum;
            }
            else
            {
                p.Tails[item] = sum;
            }
        }
    }

    /// <summary>Joins the parts of runs that cross shares, in order.   Any launch size; a thread follows the run that begins in its share and goes on.</summary>
    [Kernel]
    public static void Join(ScatterArguments p)
    {
        long items = ((long)p.Count + p.Share - 1) / p.Share * p.Width;
        for (long item = Threads.Global; item < items; item += Threads.Count)
        {
            long number = Divide.Quotient(item, p.Width);
            long begin = number * p.Share;
            long end = begin + p.Share;
            if (end < p.Count)
            {
                int key = p.Keys[end - 1];
                bool goesOn = p.Keys[end] == key;
                if (goesOn && begin > 0)
                {
                    goesOn = p.Keys[begin - 1] != key;
                }
                if (goesOn)
                {
                    float sum = p.Tails[item];
                    long at = item;
                    while (goesOn)
                    {
                        at += p.Width;
                        sum += p.Heads[at];
                        end += p.Share;
                        goesOn = false;
                        if (end < p.Count)
                        {
                            goesOn = p.Keys[end] == key;
                        }
                    }
                    p.Y[((long)key * p.Width) + (item - (number * p.Width))] = sum;
                }
            }
        }
    }
}

/// <summary>Arguments of <see cref="GatherScatterKernels"/>: x [count, width] by sorted keys, share of them to a thread.</summary>
internal struct ScatterArguments
{
    public int Count;
    public int Width;
    public int Share;
    public ArrayView<float> X;
    public ArrayView<int> Keys;
    public ArrayView<int> Positions;
    public ArrayView<float> Heads;
    public ArrayView<float> Tails;
    public ArrayView<float> Y;
}
