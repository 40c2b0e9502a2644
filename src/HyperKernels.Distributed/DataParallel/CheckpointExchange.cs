using HyperKernels.IO;

namespace HyperKernels.Distributed;

/// <summary>Hands a checkpoint of one process to all others, which need not see its files.</summary>
public static class CheckpointExchange
{
    // Of one message.
    private const int PieceBytes = 1 << 28;

    /// <summary>Gives every process the checkpoint of rank 0.</summary>
    /// <param name="communicator">The processes; all must call.</param>
    /// <param name="checkpoint">On rank 0 the checkpoint; not looked at elsewhere.</param>
    /// <exception cref="ArgumentNullException">Rank 0 gave none.</exception>
    /// <exception cref="IOException">There is no room for it in the folder of temporary files.</exception>
    public static Checkpoint Broadcast(ICommunicator communicator, Checkpoint? checkpoint)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        if (communicator.Rank == 0)
        {
            ArgumentNullException.ThrowIfNull(checkpoint);
        }
        if (communicator.Size == 1)
        {
            return checkpoint!;
        }
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hyperkernels-");
        try
        {
            string path = Path.Combine(folder.FullName, "checkpoint.safetensors");
            if (communicator.Rank == 0)
            {
                checkpoint!.Save(path);
            }
            Send(communicator, path);
            return communicator.Rank == 0 ? checkpoint! : Checkpoint.Load(path);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Send(ICommunicator communicator, string path)
    {
        using FileStream file = communicator.Rank == 0 ? File.OpenRead(path) : File.Create(path);
        long[] length = [communicator.Rank == 0 ? file.Length : 0];
        communicator.Broadcast<long>(length);
        byte[] piece = new byte[Math.Min(length[0], PieceBytes)];
        for (long sent = 0; sent < length[0]; sent += piece.Length)
        {
            Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, length[0] - sent));
            if (communicator.Rank == 0)
            {
                file.ReadExactly(part);
            }
            communicator.Broadcast(part);
            if (communicator.Rank != 0)
            {
                file.Write(part);
            }
        }
    }
}
