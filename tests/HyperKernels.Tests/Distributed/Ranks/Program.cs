using HyperKernels.Distributed;
using HyperKernels.Tests.Gpu.Drivers;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>The test assembly as a program: runs, by its name, what tests start as several processes.</summary>
internal static class Program
{
    private static readonly Dictionary<string, Action<ICommunicator, string[]>> s_programs = new()
    {
        ["messages"] = Messages.Run,
        ["sums"] = Sums.Run,
        ["gather"] = Gather.Run,
        ["wrong-size"] = Failures.WrongSize,
        ["die"] = Failures.Die,
        ["steps"] = Steps.Run,
        ["shards"] = Shards.BesideOne,
        ["large-shards"] = Shards.Large,
        ["trainings"] = Trainings.Run,
        ["driver-calls"] = DriverCalls.Run,
        ["runtime"] = Failures.RuntimeStillThrows,
    };

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 0 || !s_programs.TryGetValue(arguments[0], out Action<ICommunicator, string[]>? program))
        {
            Console.Error.WriteLine($"Tests run with dotnet test. As a program this knows: {string.Join(", ", s_programs.Keys)}.");
            return 2;
        }
        using ICommunicator communicator = MpiCommunicator.OpenOrSolo();
        try
        {
            program(communicator, arguments[1..]);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine($"rank {communicator.Rank}: {failure}");
            communicator.Abort(1);
        }
        return 0;
    }
}
