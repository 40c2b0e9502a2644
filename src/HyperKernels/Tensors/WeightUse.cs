namespace HyperKernels;

/// <summary>
/// A weight in the place of a parameter. Its uses share what is written out of it: a second use (a layer that stands in several places, the
/// steps of a sequence) finds the tensor, instead of generating it again.
/// </summary>
internal sealed class WeightUse
{
    private readonly Lock _gate = new();
    private Weight _weight;
    private Tensor _dense;
    private bool _wasApplied;

    /// <summary>Puts another weight here, of which nothing is written out yet.</summary>
    public void Set(in Weight weight)
    {
        _weight = weight with { Use = this };
        _dense = default;
        _wasApplied = false;
    }

    /// <summary>What ops apply.</summary>
    public Weight Current
    {
        get
        {
            if (_weight.Kind == WeightKind.Dense)
            {
                return _weight;
            }
            lock (_gate)
            {
                return _dense.IsAlive ? _dense : _weight;
            }
        }
    }

    /// <summary>Whether this is the first time that the weight is applied without being written out; from the second on it should be.</summary>
    public bool IsFirst()
    {
        lock (_gate)
        {
            bool first = !_wasApplied;
            _wasApplied = true;
            return first;
        }
    }

    /// <summary>The weight as a tensor, written out once.</summary>
    public Tensor Dense()
    {
        if (_weight.Kind == WeightKind.Dense)
        {
            return _weight.First;
        }
        lock (_gate)
        {
            // A scope inside the block may have ended with what was written out there.
            if (!_dense.IsAlive)
            {
                _dense = (_weight with { Use = null }).Materialize();
            }
            return _dense;
        }
    }
}
