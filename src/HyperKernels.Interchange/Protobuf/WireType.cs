namespace HyperKernels.Interchange;

/// <summary>How the value of a field is written: the low three bits of its tag.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}
