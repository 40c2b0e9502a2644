using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HyperKernels.Backends.Watched;

/// <summary>Makes every call again on another backend, its twin, and ends with the first whose results differ by more than rounding explains.</summary>
/// <remarks>
/// The twin gets a copy of every buffer as it was before the call, so that operands keep their places, strides and overlaps; afterwards whole buffers are compared: what an
/// op should not have written counts too. Sums of products are judged by the sum of the magnitudes of their addends, which the twin computes by the same call on absolute
/// values; other results by the largest value expected; integers must be equal.
/// </remarks>
internal sealed class TwinWatcher(IBackend twin) : IOpWatcher, IDisposable
{
    // A product summed over 10^6 addends in plain order is off by about 6e-5 of the sum of magnitudes.
    private const double Share = 1e-4;

    // Functions are compared by the largest value of the result; below this all is the same.
    private const double Floor = 1e-30;

    private readonly ConditionalWeakTable<OpCall, Dictionary<DeviceBuffer, float[]>> _before = [];
    private long _updates;

    public void Before(IBackend backend, OpCall call)
    {
        if (Skips(backend, call))
        {
            return;
        }
        Dictionary<DeviceBuffer, float[]> before = [];
        foreach (Operand operand in call.Operands)
        {
            DeviceBuffer buffer = operand.Place.Buffer;
            if (!before.ContainsKey(buffer))
            {
                before.Add(buffer, Extent.Read(backend, new BufferRef(buffer, 0), Elements(buffer)).ToArray());
            }
        }
        _before.Add(call, before);
    }

    public void After(IBackend backend, OpCall call)
    {
        if (!_before.TryGetValue(call, out Dictionary<DeviceBuffer, float[]>? before))
        {
            return;
        }
        _before.Remove(call);
        HashSet<DeviceBuffer> indices = [.. call.Operands.Where(static operand => operand.IsIndex).Select(static operand => operand.Place.Buffer)];
        Dictionary<DeviceBuffer, float[]> expected = Run(call, call.Run!, before);
        Dictionary<DeviceBuffer, float[]>? sums = null;
        foreach (Operand result in call.Operands.Where(static operand => operand.IsResult))
        {
            DeviceBuffer buffer = result.Place.Buffer;
            ReadOnlySpan<float> actual = Extent.Read(backend, new BufferRef(buffer, 0), Elements(buffer));
            if (MemoryMarshal.AsBytes(actual).SequenceEqual(MemoryMarshal.AsBytes(expected[buffer].AsSpan())))
            {
                continue;
            }
            if (call.SumSlope is not null && !result.IsIndex)
            {
                sums ??= Run(call, call.RunSums ?? call.Run!, Magnitudes(call, before, indices));
            }
            Compare(backend, call, result, actual, expected[buffer], sums?[buffer]);
        }
        _updates += call.Pass == OpPass.Update ? 1 : 0;
    }

    public void Dispose() => twin.Dispose();

    private static bool Skips(IBackend backend, OpCall call) => call.Run is null || backend.Capture?.Recorder is { Paused: false };

    private static int Elements(DeviceBuffer buffer) => checked((int)(buffer.RequestedBytes / sizeof(float)));

    private static Dictionary<DeviceBuffer, float[]> Magnitudes(OpCall call, Dictionary<DeviceBuffer, float[]> before, HashSet<DeviceBuffer> indices)
    {
        HashSet<DeviceBuffer> factors = [.. call.Operands
            .Where(operand => call.Factors?.Contains(operand.Name) ?? !indices.Contains(operand.Place.Buffer))
            .Select(static operand => operand.Place.Buffer)];
        return before.ToDictionary(static pair => pair.Key, pair => factors.Contains(pair.Key) ? Array.ConvertAll(pair.Value, MathF.Abs) : pair.Value);
    }

    // The call on copies of the buffers; gives what they hold afterwards.
    private Dictionary<DeviceBuffer, float[]> Run(
        OpCall call, Action<IBackend, Places> run, Dictionary<DeviceBuffer, float[]> contents)
    {
        Dictionary<DeviceBuffer, DeviceBuffer> copies = [];
        try
        {
            foreach ((DeviceBuffer buffer, float[] values) in contents)
            {
                DeviceBuffer copy = twin.Allocate(Math.Max(sizeof(float), buffer.RequestedBytes));
                copies.Add(buffer, copy);
                twin.Upload(MemoryMarshal.AsBytes(values.AsSpan()), new BufferRef(copy, 0));
            }
            run(twin, new Places(copies));
            return call.Operands.Where(static operand => operand.IsResult).Select(static operand => operand.Place.Buffer).Distinct()
                .ToDictionary(static buffer => buffer, buffer => Extent.Read(twin, new BufferRef(copies[buffer], 0), Elements(buffer)).ToArray());
        }
        finally
        {
            foreach (DeviceBuffer copy in copies.Values)
            {
                copy.Dispose();
            }
        }
    }

    private void Compare(IBackend backend, OpCall call, Operand result, ReadOnlySpan<float> actual, float[] expected, float[]? sums)
    {
        double scale = Floor;
        if (!result.IsIndex && sums is null)
        {
            foreach (float value in expected)
            {
                scale = float.IsFinite(value) ? Math.Max(scale, Math.Abs(value)) : scale;
            }
        }
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits(expected[i]))
            {
                continue;
            }
            double tolerance = result.IsIndex ? 0
                : ((Share + call.Looseness) * (sums is null ? scale : Math.Max(Floor, sums[i] * call.SumSlope!.Value))) + call.Slack;
            // Beyond what a float holds a magnitude says nothing.
            bool isClose = !result.IsIndex && (actual[i] == expected[i] || Math.Abs((double)actual[i] - expected[i]) <= tolerance
                || (float.IsNaN(actual[i]) && float.IsNaN(expected[i])) || double.IsPositiveInfinity(tolerance));
            if (!isClose)
            {
                Fail(backend, call, result, i, actual[i], expected[i], tolerance);
            }
        }
    }

    private void Fail(IBackend backend, OpCall call, Operand result, int place, float actual, float expected, double tolerance)
    {
        long element = place - result.Place.Offset;
        string Text(float value) => result.IsIndex
            ? $"{BitConverter.SingleToInt32Bits(value)}"
            : value.ToString("G9", CultureInfo.InvariantCulture);
        throw new OpCheckException(
            $"Twin check: {call} gave {Text(actual)} on {backend.Name} and {Text(expected)} on its twin, {twin.Name}, at element {element} of {result.Name} "
            + string.Create(CultureInfo.InvariantCulture, $"(counted in memory from its first); they may differ by {tolerance:G3}, ")
            + $"{OpCheckException.When(call.Pass, _updates)},{CallSite.Here()}. One of the two backends has a defect.")
        {
            Check = OpChecks.Twin,
            Op = call.Name,
            Pass = call.Pass,
            Operand = result.Name,
            Element = element,
            Value = actual,
            Expected = expected,
        };
    }
}
