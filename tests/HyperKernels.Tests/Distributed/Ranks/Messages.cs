using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>Messages from each to each, to oneself too, of sizes that hurt, out of order of tags.</summary>
internal static class Messages
{
    public static void Run(ICommunicator communicator, string[] arguments)
    {
        foreach (int count in new[] { 0, 1, 1021, 300_000 })
        {
            int[][] received = [.. Enumerable.Range(0, communicator.Size).Select(_ => new int[count])];
            double[][] second = [.. Enumerable.Range(0, communicator.Size).Select(_ => new double[3])];
            List<Transfer> transfers = [];
            for (int other = 0; other < communicator.Size; other++)
            {
                transfers.Add(communicator.StartSend<int>(Values(communicator.Rank, other, count), other, tag: 5));
                transfers.Add(communicator.StartSend<double>(new double[] { communicator.Rank, other, 0.5 }, other, tag: 7));
            }
            for (int other = communicator.Size - 1; other >= 0; other--)
            {
                transfers.Add(communicator.StartReceive<double>(second[other], other, tag: 7));
                transfers.Add(communicator.StartReceive<int>(received[other], other, tag: 5));
            }
            Transfer.WaitAll([.. transfers]);
            for (int other = 0; other < communicator.Size; other++)
            {
                Expect.Equal(received[other], Values(other, communicator.Rank, count), $"{count} values from {other}");
                Expect.Equal(second[other], [other, communicator.Rank, 0.5], $"second message from {other}");
            }
        }
        byte[] told = [(byte)(communicator.Rank + 1), 2, 3];
        communicator.Broadcast<byte>(told, root: communicator.Size - 1);
        Expect.Equal<byte>(told, [(byte)communicator.Size, 2, 3], "broadcast");
        Expect.Throws<ArgumentException>(() => communicator.StartSend<int>(new int[1], communicator.Size));
        communicator.Barrier();
    }

    private static int[] Values(int from, int to, int count) => [.. Enumerable.Range(0, count).Select(i => (1000 * from) + (100 * to) + i)];
}
