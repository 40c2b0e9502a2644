namespace HyperKernels;

/// <summary>A place in the program, and what it made that is still live: see <see cref="DeviceMemory.LivePlaces"/>.</summary>
/// <param name="Place">The op and its caller outside the engine with file and line, as far as the call stack says.</param>
/// <param name="Tensors">How many tensors it made that are not disposed.</param>
/// <param name="Bytes">Bytes of the buffers behind them.</param>
public sealed record TensorPlace(string Place, long Tensors, long Bytes)
{
    /// <summary><c>2 tensors, 1,024 bytes: called by Ops.Relu at Model.Train in Model.cs:line 12</c>.</summary>
    public override string ToString() => $"{Tensors:N0} {(Tensors == 1 ? "tensor" : "tensors")}, {Bytes:N0} bytes: {Place}";
}
