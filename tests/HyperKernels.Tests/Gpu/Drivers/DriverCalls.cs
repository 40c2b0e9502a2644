using System.Globalization;
using HyperKernels.Distributed;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>
/// As a program of its own: lets every call to a driver fail once, from opening the device to its end, and prints a line a function: what the failure was
/// told as, or that it was silent, because it was made up for. Then it takes the device away. What is not as promised is a line that begins with WRONG.
/// </summary>
internal static class DriverCalls
{
    public const string Silent = "silent";

    /// <param name="communicator">Not used.</param>
    /// <param name="arguments"><c>opencl</c> or <c>cuda</c>, the stand-in's file, and of how many calls of the step one fails.</param>
    public static void Run(ICommunicator communicator, string[] arguments)
    {
        DriverUnderTest driver = new(arguments[0], arguments[1]);
        Outcomes outcomes = new(driver);
        int stride = int.Parse(arguments[2], CultureInfo.InvariantCulture);

        Device device = null!;
        string[] opening = driver.Log(() => device = driver.Open());
        DriverWork work = new(device);
        float[] right = [];
        string[] first = driver.Log(() => right = work.Run());
        string[] step = driver.Log(() => outcomes.Expect(driver.IsCuda | right.SequenceEqual(work.Run()), "a step repeats itself"));
        FailEachOfTheStep(driver, outcomes, device, work, step, right, stride);
        work.Dispose();
        string[] end = driver.Log(device.Dispose);

        FailOpening(driver, outcomes, opening);
        FailFirstUse(driver, outcomes, first.Except(step), step, right);
        FailEnd(driver, outcomes, end);
        new DriverLoss(driver, outcomes, step, right).Run(first, all: stride == 1);

        foreach ((string function, IEnumerable<string> told) in outcomes.All)
        {
            Console.WriteLine($"{function}: {string.Join(", ", told)}");
        }
        Console.WriteLine($"NEVER {string.Join(", ", outcomes.Never)}");
        Console.WriteLine($"CALLS {opening.Length} to open, {first.Length} in the first step, {step.Length} in a step, {end.Length} at the end");
    }

    private static void FailOpening(DriverUnderTest driver, Outcomes outcomes, string[] opening)
    {
        foreach (string function in opening.Distinct())
        {
            driver.FailNamed(function, driver.Refusal);
            outcomes.Try(function, driver.Refusal, () => driver.Open().Dispose());
        }
        driver.FailNoMore();
        outcomes.Expect(outcomes.Message(() => driver.Open().Dispose()) is null, "the device opens after all that failed");
    }

    // What only a kernel's first use calls.
    private static void FailFirstUse(DriverUnderTest driver, Outcomes outcomes, IEnumerable<string> functions, string[] step, float[] right)
    {
        using Device device = driver.Open();
        using DriverWork work = new(device);
        (long tensors, long bytes) = (device.Memory.LiveTensors, device.Memory.LiveBytes);
        foreach (string function in functions)
        {
            driver.FailNamed(function, driver.Refusal);
            outcomes.Try(function, driver.Refusal, () => work.Run());
            outcomes.Expect((device.Memory.LiveTensors, device.Memory.LiveBytes) == (tensors, bytes), $"{function} in a first step leaves nothing behind");
        }
        float[] result = [];
        string[] calls = driver.Log(() => result = work.Run());
        outcomes.Expect(IsRight(driver, result, right, calls, step), "the step is right after its first uses failed");
    }

    private static void FailEachOfTheStep(DriverUnderTest driver, Outcomes outcomes, Device device, DriverWork work, string[] step, float[] right, int stride)
    {
        (long tensors, long bytes) = (device.Memory.LiveTensors, device.Memory.LiveBytes);
        HashSet<string> seen = [];
        for (int number = 0; number < step.Length; number++)
        {
            if (!seen.Add(step[number]) && number % stride != 0)
            {
                continue;
            }
            driver.FailCall(number, driver.Refusal, andAllAfter: false);
            outcomes.Try(number, driver.Refusal, () => work.Run());
            string where = $"call {number}, {driver.Calls.ElementAtOrDefault(number)}";
            outcomes.Expect((device.Memory.LiveTensors, device.Memory.LiveBytes) == (tensors, bytes), $"{where}: {device.Memory.LiveTensors - tensors} tensors are left");
            float[] next = [];
            string[] calls = driver.Log(() => next = work.Run());
            outcomes.Expect(IsRight(driver, next, right, calls, step), $"{where}: the next step is right");
        }
        // Numbers may have shifted away from what is called now and then: every function by its name, too.
        foreach (string function in step.Distinct())
        {
            driver.FailNamed(function, driver.Refusal);
            outcomes.Try(function, driver.Refusal, () => work.Run());
        }
        driver.FailNoMore();
    }

    // Kernels do not run on the stand-in of CUDA: there it is what the step asks of the driver, in order. Memory may come from the pool, contexts need not change.
    private static bool IsRight(DriverUnderTest driver, float[] result, float[] right, string[] calls, string[] step) =>
        driver.IsCuda ? calls.Where(IsWork).SequenceEqual(step.Where(IsWork)) : right.SequenceEqual(result);

    private static bool IsWork(string call) => call is "cuLaunchKernel" or "cuGraphLaunch" or "cuMemcpyAsync" or "cuMemsetD32Async";

    private static void FailEnd(DriverUnderTest driver, Outcomes outcomes, string[] end)
    {
        foreach (string function in end.Distinct())
        {
            driver.FailNoMore();
            Device device = driver.Open();
            using (device.Scope())
            {
                Tensor x = Tensor.Zeros([3], device);
                _ = Ops.Add(x, x);
            }
            driver.FailNamed(function, driver.Refusal);
            outcomes.Try(function, driver.Refusal, device.Dispose);
        }
        driver.FailNoMore();
    }
}
