using HyperKernels.Distributed;

namespace HyperKernels.Cli;

/// <summary>The processes that <c>mpirun</c> started, this one among them: rank 0 speaks for all, and the failure of one ends all.</summary>
internal static class Ranks
{
    private static readonly TimeSpan s_saying = TimeSpan.FromSeconds(5);

    /// <summary>How many of them share this machine.</summary>
    public static int OnThisMachine =>
        int.TryParse(Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_LOCAL_SIZE"), out int count) && count > 0 ? count : 1;

    /// <summary>Runs work in every process; without <c>mpirun</c>, in this one alone.</summary>
    /// <param name="json">Whether a failure is a document too.</param>
    /// <param name="work">Gives the exit code.</param>
    public static int Run(bool json, Func<ICommunicator, int> work)
    {
        using ICommunicator all = MpiCommunicator.OpenOrSolo();
        TextWriter error = Console.Error;
        if (all.Rank > 0)
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(TextWriter.Null);
        }
        try
        {
            return work(all);
        }
        catch (Exception failure) when (all.Size > 1)
        {
            // What is wrong with a command is so everywhere: rank 0 says it, and ends the others, which wait for that.
            if (all.Rank > 0 && failure is UsageException)
            {
                Thread.Sleep(s_saying);
            }
            Console.SetError(error);
            Program.Report(failure, json && all.Rank == 0, $"rank {all.Rank} of {all.Size}: ");
            all.Abort(ExitCode.Of(failure));
            throw;
        }
    }
}
