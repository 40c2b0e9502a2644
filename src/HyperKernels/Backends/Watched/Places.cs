namespace HyperKernels.Backends.Watched;

/// <summary>Where a call's operands are: where the caller has them, or copies of them on another backend.</summary>
internal sealed class Places(IReadOnlyDictionary<DeviceBuffer, DeviceBuffer>? copies = null)
{
    /// <summary>The caller's own.</summary>
    public static Places Own { get; } = new();

    public BufferRef this[BufferRef place] => copies is null ? place : new BufferRef(copies[place.Buffer], place.Offset);

    public BufferRef? this[BufferRef? place] => place is { } given ? this[given] : null;
}
