using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed.Ranks;

/// <summary>What goes wrong, and how it shows.</summary>
internal static class Failures
{
    /// <summary>More values than there is room for, and fewer.</summary>
    public static void WrongSize(ICommunicator communicator, string[] arguments)
    {
        int next = (communicator.Rank + 1) % communicator.Size;
        int before = (communicator.Rank + communicator.Size - 1) % communicator.Size;
        foreach (int room in new[] { 2, 6 })
        {
            Transfer send = communicator.StartSend<float>(new float[4], next);
            Transfer receive = communicator.StartReceive<float>(new float[room], before);
            string message = Expect.Throws<CommunicationException>(receive.Wait).Message;
            if (!message.Contains("MPI_Irecv"))
            {
                throw new InvalidOperationException($"the message must name the call: {message}");
            }
            send.Wait();
            communicator.Barrier();
        }
    }

    /// <summary>The last process ends by a signal while the others wait for it.</summary>
    public static void Die(ICommunicator communicator, string[] arguments)
    {
        communicator.Barrier();
        if (communicator.Rank == communicator.Size - 1)
        {
            System.Diagnostics.Process.GetCurrentProcess().Kill();
        }
        communicator.AllReduceSum<float>(new float[10_000]);
    }

    /// <summary>The library has signal handlers of its own; the runtime's, which turn faults into exceptions, must go on working.</summary>
    public static void RuntimeStillThrows(ICommunicator communicator, string[] arguments)
    {
        string? none = arguments.Length > 1000 ? "" : null;
        Expect.Throws<NullReferenceException>(() => Console.WriteLine(none!.Length));
        int zero = arguments.Length / 1000;
        Expect.Throws<DivideByZeroException>(() => Console.WriteLine(1 / zero));
    }
}
