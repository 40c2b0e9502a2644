
namespace HyperKernels;

/// <summary>
/// Owns every tensor made while it is the current scope, and disposes of them with itself. Nothing computed in a plain scope is
/// recorded for gradients, also not inside a tape: it is the scope of inference.
/// </summary>
/// <remarks>
/// Scopes nest and flow with the async context: a task started inside a scope works inside it, and several tasks may make tensors in
/// one scope at once. Dispose a scope when the tasks inside it are done.
/// </remarks>
public class MemoryScope : IDisposable
{
    private static readonly AsyncLocal<MemoryScope?> s_current = new();

    private readonly MemoryScope? _parent;
    private readonly Lock _gate = new();
    // The default device before, if this scope has one of its own.
    private readonly DeviceUse? _use;
    private List<Tensor> _owned;
    private bool _disposed;

    /// <summary>Opens a scope; it is the current one of this logical flow until it is disposed.</summary>
    public MemoryScope()
    {
        _parent = s_current.Value;
        _owned = ListPool.Rent();
        s_current.Value = this;
    }

    /// <summary>The same, with a default device of its own.</summary>
    internal MemoryScope(Device device)
        : this()
    {
        // Making known what holds already would allocate, at every step of an inference.
        if (!device.IsDefault)
        {
            _use = Device.Use(device);
        }
    }

    /// <summary>The innermost scope of this logical flow, or null.</summary>
    internal static MemoryScope? Current => s_current.Value;

    /// <summary>Lets a tensor out: it now belongs to the enclosing scope, or to the caller if there is none.</summary>
    /// <returns>The same handle.</returns>
    /// <exception cref="ObjectDisposedException">This scope, or the one that the tensor would go to, is disposed.</exception>
    /// <exception cref="InvalidOperationException">It would go to a tape on which another flow takes gradients; it stays where it is.</exception>
    public Tensor Keep(Tensor tensor)
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            // From the end: what is kept was mostly made last.
            int index = _owned.LastIndexOf(tensor);
            if (index >= 0)
            {
                _parent?.Adopt(tensor);
                _owned[index] = default;
            }
        }
        return tensor;
    }

    /// <summary>Disposes of every tensor made so far and goes on: a loop that reuses one scope allocates nothing.</summary>
    /// <exception cref="ObjectDisposedException">The scope is disposed.</exception>
    public virtual void Reset()
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            Release(0, keepGradients: false);
        }
    }

    /// <summary>Disposes of the scope's tensors and makes the enclosing scope the current one again.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal void Own(Tensor tensor)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                tensor.Dispose();
                Throw.Disposed("MemoryScope: a tensor was made in a scope that was disposed. A task outlived the scope it was started in.");
            }
            _owned.Add(tensor);
        }
    }

    // Looks and takes at once: a backward pass that begins between the two would take the tensor for one of its own, and let it go.
    private void Adopt(Tensor tensor)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                ThrowIfUsedByAnother("a tensor was kept for it");
            }
            Own(tensor);
        }
    }

    /// <summary>Makes sure that no other flow is at work on all that the scope owns.</summary>
    /// <param name="what">What is done meanwhile, for the message.</param>
    private protected virtual void ThrowIfUsedByAnother(string what)
    {
    }

    /// <summary>Whether the scope has ended.</summary>
    internal bool IsDisposed => _disposed;

    /// <summary>The number of tensors owned so far: a mark for <see cref="ReleaseSince"/>.</summary>
    internal int Mark()
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            return _owned.Count;
        }
    }

    /// <summary>Disposes of what was made since the mark, except gradients that are still to be read.</summary>
    internal void ReleaseSince(int mark)
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            Release(mark, keepGradients: true);
        }
    }

    /// <summary>Called once or more; the first call disposes of the tensors.</summary>
    protected virtual void Dispose(bool disposing)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Release(0, keepGradients: false);
                _disposed = true;
                ListPool.Return(_owned);
                _owned = null!;
            }
        }
        // Also where another flow has ended it before.
        if (ReferenceEquals(s_current.Value, this))
        {
            _use?.Dispose();
            // An enclosing scope may have been disposed before this one.
            MemoryScope? next = _parent;
            while (next is { _disposed: true })
            {
                next._use?.Dispose();
                next = next._parent;
            }
            s_current.Value = next;
        }
    }

    /// <summary>Makes sure that the scope has not ended.</summary>
    /// <param name="where">Who asks, for the message.</param>
    /// <param name="what">What the scope is to them.</param>
    internal void ThrowIfDisposed(string where = "MemoryScope", string what = "scope")
    {
        if (_disposed)
        {
            Throw.Disposed($"{where}: the {what} was disposed; open a new one.");
        }
    }

    private void Release(int mark, bool keepGradients)
    {
        int kept = mark;
        for (int i = mark; i < _owned.Count; i++)
        {
            Tensor tensor = _owned[i];
            if (!tensor.IsAlive)
            {
                continue;
            }
            if (keepGradients && tensor.Node.GradientUses > 0)
            {
                tensor.Node.IsTemporary = true;
                _owned[kept++] = tensor;
                continue;
            }
            tensor.Dispose();
        }
        _owned.RemoveRange(kept, _owned.Count - kept);
    }

    /// <summary>Lists of disposed scopes, so that opening a scope does not grow one anew.</summary>
    private static class ListPool
    {
        private const int Most = 64;
        private static readonly System.Collections.Concurrent.ConcurrentBag<List<Tensor>> s_lists = [];

        public static List<Tensor> Rent() => s_lists.TryTake(out List<Tensor>? list) ? list : new List<Tensor>(64);

        public static void Return(List<Tensor> list)
        {
            list.Clear();
            if (s_lists.Count < Most)
            {
                s_lists.Add(list);
            }
        }
    }
}
