using HyperKernels.Backends.Cpu;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>A device that is lost or taken away in the midst of a step: one cause, told by every call from then on; all can be disposed of, and the processor goes on.</summary>
internal sealed class DriverLoss(DriverUnderTest driver, Outcomes outcomes, string[] step, float[] right)
{
    private readonly string _launch = driver.IsCuda ? "cuLaunchKernel" : "clEnqueueNDRangeKernel";

    /// <param name="first">What a first step calls.</param>
    /// <param name="all">Whether to lose it in every way, and not only in those that differ most.</param>
    public void Run(string[] first, bool all)
    {
        float[] onProcessor = OnProcessor();
        int[] launches = [.. Enumerable.Range(0, step.Length).Where(i => step[i] == _launch)];
        // A fault of one kernel, heard of by a launch; on CUDA the context answers every call with it from then on.
        Lose("a fault in mid-step", launches[launches.Length / 2], driver.Fault, andAllAfter: false);
        // No call is answered any more.
        Lose("a device taken away in mid-step", launches[launches.Length / 2], driver.Absence, andAllAfter: true);
        Lose(
            "a device taken away before a kernel is built", Array.IndexOf(first, driver.IsCuda ? "cuModuleLoadDataEx" : "clBuildProgram"), driver.Absence, andAllAfter: true,
            isFresh: true);
        if (all)
        {
            Lose("a fault heard of by a download", Array.LastIndexOf(step, driver.IsCuda ? "cuEventSynchronize" : "clEnqueueReadBuffer"), driver.Fault, andAllAfter: false);
            Lose("a device taken away before memory is asked for", Array.IndexOf(step, driver.IsCuda ? "cuMemAlloc_v2" : "clCreateBuffer"), driver.Absence, andAllAfter: true);
        }
        outcomes.Expect(onProcessor.SequenceEqual(OnProcessor()), "the processor goes on as before");
    }

    private void Lose(string how, int number, int status, bool andAllAfter, bool isFresh = false)
    {
        driver.FailNoMore();
        Device device = driver.Open();
        DriverWork work = new(device);
        if (!isFresh)
        {
            work.Run();
        }
        Tensor kept = Tensor.Ones([4], device);
        CapturedStep captured = device.Capture(() => Fill(device));
        long tensors = device.Memory.LiveTensors;
        driver.FailCall(number, status, andAllAfter);
        string? cause = Lost(() => work.Run(), how);
        outcomes.Expect(cause is not null && cause.Contains($", {status}) for ", StringComparison.Ordinal), $"{how} is told with its code: {cause}");
        outcomes.Expect(cause?.Contains(" The device is lost: ", StringComparison.Ordinal) == true, $"{how} is told with what to do: {cause}");
        outcomes.Expect(device.Memory.LiveTensors == tensors, $"{how} leaves no tensor behind: {device.Memory.LiveTensors - tensors}");
        (string What, Action Call)[] calls =
        [
            ("a step", () => work.Run()), ("reading", () => kept.ToArray()), ("writing", () => kept.CopyFrom([1f, 2f, 3f, 4f])),
            ("an op", () => Ops.Add(kept, kept).Dispose()),
            ("a new tensor", () => Tensor.From(new float[1000], [1000], device).Dispose()), ("a captured step", captured.Run),
            ("capturing", () => device.Capture(() => Fill(device)).Dispose()), ("waiting", device.Synchronize),
        ];
        foreach ((string what, Action call) in calls)
        {
            using MemoryScope scope = device.Scope();
            string? told = Lost(call, $"{how}, then {what}");
            outcomes.Expect(told == cause, $"{how}: {what} tells the first cause: {told}");
        }
        outcomes.Expect(device.Memory.LiveTensors == tensors, $"{how}: what was refused leaves no tensor behind its scope: {device.Memory.LiveTensors - tensors}");
        outcomes.Expect(outcomes.Message(captured.Dispose) is null, $"{how}: a captured step is disposed in silence");
        outcomes.Expect(outcomes.Message(kept.Dispose) is null, $"{how}: a tensor is disposed in silence");
        outcomes.Expect(outcomes.Message(work.Dispose) is null, $"{how}: a network is disposed in silence");
        outcomes.Expect(outcomes.Message(device.Dispose) is null, $"{how}: the device is disposed in silence");
        // A finalizer that throws ends the process.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (andAllAfter)
        {
            string? refusal = outcomes.Message(() => driver.Open().Dispose());
            outcomes.Expect(refusal?.Contains('\n', StringComparison.Ordinal) == false, $"{how}: it does not open while it is away, and says so in a line: {refusal}");
        }
        outcomes.Meet(driver.Calls.Skip(number).Where((_, i) => andAllAfter || i == 0));
        driver.FailNoMore();
        // What breaks CUDA breaks it for the process.
        if (!driver.IsCuda)
        {
            using Device anew = driver.Open();
            using DriverWork there = new(anew);
            outcomes.Expect(right.SequenceEqual(there.Run()), $"{how}: the device opens anew and computes as before");
        }
    }

    private static void Fill(Device device)
    {
        using MemoryScope scope = device.Scope();
        _ = Tensor.Zeros([4], device);
    }

    private string? Lost(Action work, string how)
    {
        try
        {
            work();
            outcomes.Expect(false, $"{how}: there must be an exception");
            return null;
        }
        catch (DeviceLostException failure)
        {
            return failure.Message;
        }
        catch (Exception failure)
        {
            outcomes.Expect(false, $"{how}: the exception must be of a lost device: {failure}");
            return failure.Message;
        }
    }

    private static float[] OnProcessor()
    {
        using Device device = new(new CpuBackend(CpuBackend.WidestVector, 1));
        using DriverWork work = new(device);
        return work.Run();
    }
}
