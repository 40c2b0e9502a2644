namespace HyperKernels.Distributed;

/// <summary>An operation between processes that is under way.</summary>
public abstract class Transfer
{
    /// <summary>A transfer that is done.</summary>
    public static Transfer Done { get; } = new DoneTransfer();

    /// <summary>Looks whether it is done, without waiting; who has other work to do asks now and then, because this is also what moves it on.</summary>
    /// <exception cref="CommunicationException">It failed.</exception>
    public abstract bool Poll();

    /// <summary>Returns when it is done; again at once, however often it is called.</summary>
    /// <exception cref="CommunicationException">It failed, or another number of values came than there was room for.</exception>
    public abstract void Wait();

    /// <summary>Waits for several.</summary>
    /// <exception cref="ArgumentException">One is null; none was waited for.</exception>
    public static void WaitAll(params ReadOnlySpan<Transfer> transfers)
    {
        for (int i = 0; i < transfers.Length; i++)
        {
            if (transfers[i] is null)
            {
                throw new ArgumentException($"Transfer.WaitAll: transfers must not hold null; item {i} of {transfers.Length} is null.");
            }
        }
        foreach (Transfer transfer in transfers)
        {
            transfer.Wait();
        }
    }

    private sealed class DoneTransfer : Transfer
    {
        public override bool Poll() => true;

        public override void Wait()
        {
        }
    }
}
