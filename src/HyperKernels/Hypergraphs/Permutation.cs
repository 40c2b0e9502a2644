namespace HyperKernels;

/// <summary>Another order of rows, and the way back. Immutable; lives outside scopes until it is disposed.</summary>
public sealed class Permutation : IDisposable
{
    private readonly int[] _order;
    private readonly int[] _places;
    private readonly Tensor _orderOnDevice;
    private readonly Tensor _placesOnDevice;

    internal Permutation(int[] order, Device device)
    {
        _order = order;
        _places = new int[order.Length];
        for (int place = 0; place < order.Length; place++)
        {
            _places[order[place]] = place;
        }
        _orderOnDevice = SegmentIndex.Upload(_order, device);
        _placesOnDevice = SegmentIndex.Upload(_places, device);
    }

    /// <summary>Which row of the first order stands at each place of the new one.</summary>
    public ReadOnlySpan<int> Order => _order;

    /// <summary>At which place of the new order each row of the first one stands.</summary>
    public ReadOnlySpan<int> Places => _places;

    /// <summary>Brings rows into the new order.</summary>
    /// <param name="x">Floats or integers, <c>[N, ...]</c>, in the first order; any number of further axes.</param>
    /// <returns><c>[N, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has not one row for each, or is on another device.</exception>
    /// <remarks>Differentiable in x, any number of times. Costs one copy of x.</remarks>
    public Tensor Apply(Tensor x) => Gather(x, _orderOnDevice);

    /// <summary>Brings rows back into the first order.</summary>
    /// <param name="x">Floats or integers, <c>[N, ...]</c>, in the new order.</param>
    /// <returns><c>[N, ...]</c>.</returns>
    /// <exception cref="ArgumentException">x has not one row for each, or is on another device.</exception>
    /// <remarks>Differentiable in x, any number of times. Costs one copy of x.</remarks>
    public Tensor Undo(Tensor x) => Gather(x, _placesOnDevice);

    /// <summary>Disposes of the index tensors; disposing twice does nothing.</summary>
    public void Dispose()
    {
        _orderOnDevice.Dispose();
        _placesOnDevice.Dispose();
    }

    private Tensor Gather(Tensor x, Tensor rows)
    {
        if (x.Rank == 0 || x.Shape[0] != _order.Length)
        {
            Throw.Argument($"Permutation: the tensor must have {_order.Length} rows; it is {x.Shape}.");
        }
        return Ops.GatherRows(x, rows);
    }
}
