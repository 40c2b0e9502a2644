using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>Values of all processes one behind the other, as many from each or not, none from some.</summary>
internal static class Gather
{
    public static void Run(ICommunicator communicator, string[] arguments)
    {
        float[] equal = communicator.AllGather<float>(new float[] { communicator.Rank, 0.5f });
        Expect.Equal(equal, [.. Enumerable.Range(0, communicator.Size).SelectMany(rank => new[] { rank, 0.5f })], "as many from each");

        int[] counts = [.. Enumerable.Range(0, communicator.Size).Select(rank => rank * 3)];
        int[] some = communicator.AllGather<int>(Enumerable.Repeat(communicator.Rank, counts[communicator.Rank]).ToArray(), counts);
        Expect.Equal(some, [.. Enumerable.Range(0, communicator.Size).SelectMany(rank => Enumerable.Repeat(rank, rank * 3))], "more from each");
        Expect.Throws<ArgumentException>(() => communicator.AllGather<int>(new int[counts[communicator.Rank] + 1], counts));
    }
}
