using System.Diagnostics;

namespace HyperKernels.Backends.Watched;

/// <summary>Notes every op's time, bytes and operations for an <see cref="OpProfile"/>.</summary>
internal sealed class ProfileWatcher(OpProfile profile) : IOpWatcher
{
    public bool WaitsForDevice => true;

    // Work asked for before is not the op's.
    public void Before(IBackend backend, OpCall call)
    {
        if (backend.Traits.LaunchesKernels)
        {
            backend.Synchronize();
        }
    }

    public void After(IBackend backend, OpCall call)
    {
        long bytes = call.Operands.Where(static operand => operand.Use != OperandUse.Scratch).Sum(static operand => operand.Bytes);
        profile.Note(call.Name, call.Sizes, call.Pass, call.Start, call.End, bytes, call.Operations?.Invoke() ?? 0, CallSite.Callers);
        profile.NoteOwn(Stopwatch.GetTimestamp() - call.End);
    }
}
