using System.Diagnostics.CodeAnalysis;

namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    private static Loan Hold(BufferRef place) => new(Take(place), null);

    private static Loan Hold(BufferRef? first, BufferRef? second)
    {
        DeviceBuffer? taken = Take(first);
        try
        {
            return new Loan(taken, Take(second));
        }
        catch (ObjectDisposedException)
        {
            Release(taken);
            throw;
        }
    }

    private static DeviceBuffer? Take(BufferRef? place) => place is { } given ? Take(given) : null;

    private static DeviceBuffer Take(BufferRef place)
    {
        if (!place.Buffer.TryAddReference())
        {
            RefuseEnded();
        }
        // It may have gone back, and on to another tensor, since the place was taken.
        if (!place.IsHeld)
        {
            Release(place.Buffer);
            RefuseEnded();
        }
        return place.Buffer;
    }

    private static void Release(DeviceBuffer? buffer)
    {
        if (buffer?.Home is { } memory)
        {
            memory.Return(buffer);
        }
        else
        {
            buffer?.RemoveReference();
        }
    }

    [DoesNotReturn]
    private static void RefuseEnded() => Throw.Disposed(
        "Tensor: it was disposed while an op worked on it, by another thread or with its scope; what the op gave is not to be used. Dispose of tensors and scopes when "
        + "the work on them is done.");

    /// <summary>Buffers that stay those of the tensors they were taken from until it is disposed.</summary>
    private readonly ref struct Loan(DeviceBuffer? first, DeviceBuffer? second)
    {
        public void Dispose()
        {
            Release(first);
            Release(second);
        }
    }
}
