namespace HyperKernels.Cli.Soak;

// What a flow may do.
internal sealed partial class Flow
{
    private static readonly int[] s_rows = [0, 3, 1];

    // A scope that another flow ended takes no tensor, and one whose tape is asked for gradients by another records none.
    private bool IsScopeUsable => _scope is null or { HasEnded: false, Backwards: 0 };

    private bool MayScopeRefuse(long since) => !IsScopeUsable || _scope?.BackwardBegan >= since || _scope?.BackwardEnded >= since;

    private void Make()
    {
        bool isPosition = world.Random.Next(4) == 0;
        float value = world.Random.Next(-3, 4);
        ScopeModel? owner = _scope;
        Tensor made = default;
        string what = isPosition ? "make positions" : $"make {value}";
        long began = world.Tick();
        if (Try(what, owner is { HasEnded: true }, () => MayScopeRefuse(began), () => made = isPosition ? Tensor.From(s_rows) : Tensor.Full(ScheduleWorld.Shape, value)))
        {
            Add(isPosition ? world.Positions : world.Items, made, value, owner, began);
        }
    }

    private Item Add(List<Item> items, Tensor tensor, float value, ScopeModel? owner, long began)
    {
        Item item = new(world.Items.Count + world.Positions.Count, tensor, value, owner) { Made = world.Tick() };
        if (MayScopeRefuse(began))
        {
            // It ended while the op gave its result back, or went, or will go, with what another flow's backward pass has made.
            item.Ended = item.Made;
            tensor.Dispose();
        }
        items.Add(item);
        return item;
    }

    private void Compute()
    {
        if (world.Any(world.Items) is not { } a || world.Any(world.Items) is not { } b)
        {
            return;
        }
        int op = Math.Abs(a.Value * b.Value) > Largest ? 0 : world.Random.Next(3);
        (float x, float y) = (a.Value, b.Value);
        (float value, float slopeA, float slopeB) = op switch { 0 => (x - y, 1f, -1f), 1 => (x + y, 1f, 1f), _ => (x * y, y, x) };
        string what = $"{a.Number} {"-+*"[op]} {b.Number}";
        long began = world.Tick();
        ScopeModel? owner = _scope;
        Tensor made = default;
        bool refuses = a.IsDead || b.IsDead || a.IsBeingWritten || b.IsBeingWritten || owner is { HasEnded: true };
        bool given = Try(what, refuses, () => a.ChangedSince(began) || b.ChangedSince(began) || MayScopeRefuse(began), () => made = op switch
        {
            0 => Ops.Subtract(a.Tensor, b.Tensor),
            1 => Ops.Add(a.Tensor, b.Tensor),
            _ => Ops.Multiply(a.Tensor, b.Tensor),
        });
        if (!given)
        {
            return;
        }
        Item item = Add(world.Items, made, value, owner, began);
        item.Made = began;
        if (owner?.Tape is not null && !owner.HasEnded)
        {
            Follow(item, a, slopeA);
            Follow(item, b, slopeB);
            if (item.Slopes.Count > 0)
            {
                (item.Recorder, item.Inputs) = (owner, [a, b]);
            }
        }

        void Follow(Item made, Item input, float slope)
        {
            if (owner.Watched.Contains(input))
            {
                made.Slopes[input] = made.Slopes.GetValueOrDefault(input) + slope;
            }
            else if (input.Recorder == owner)
            {
                foreach ((Item leaf, float inner) in input.Slopes)
                {
                    made.Slopes[leaf] = made.Slopes.GetValueOrDefault(leaf) + (slope * inner);
                }
            }
        }
    }

    private void Read()
    {
        if (world.Any(world.Items) is not { } item)
        {
            return;
        }
        float before = item.Value;
        long began = world.Tick();
        bool refuses = item.IsDead || item.IsBeingWritten;
        float[] values = [];
        if (Try($"read {item.Number}", refuses, () => item.ChangedSince(began), () => values = item.Tensor.ToArray()))
        {
            Expect(before, values, $"tensor {item.Number}");
        }
    }

    // Reads rows by positions that may end meanwhile, and whose memory may serve others by then.
    private void Gather()
    {
        if (world.Any(world.Items) is not { } item || world.Any(world.Positions) is not { } rows)
        {
            return;
        }
        float value = item.Value;
        long began = world.Tick();
        bool refuses = item.IsDead || item.IsBeingWritten || rows.IsDead || _scope is { HasEnded: true };
        Tensor made = default;
        if (Try($"rows {rows.Number} of {item.Number}", refuses, () => item.ChangedSince(began) || rows.ChangedSince(began) || MayScopeRefuse(began),
            () => made = Ops.GatherRows(item.Tensor, rows.Tensor)))
        {
            float[] values = [];
            if (Try("read them", false, () => MayScopeRefuse(began), () => values = made.ToArray()))
            {
                Expect(value, values, $"rows of tensor {item.Number}");
            }
            made.Dispose();
        }
    }

    private void Write()
    {
        if (world.Any(world.Items) is not { IsBeingWritten: false } item)
        {
            return;
        }
        float value = world.Random.Next(-3, 4);
        float[] values = new float[ScheduleWorld.Shape.Count];
        values.AsSpan().Fill(value);
        bool refuses = item.IsDead;
        item.IsBeingWritten = true;
        item.Written = world.Tick();
        bool written = Try($"write {value} to {item.Number}", refuses, () => item.IsDead, () => item.Tensor.CopyFrom(values));
        item.IsBeingWritten = false;
        item.Written = world.Tick();
        if (written)
        {
            item.Value = value;
        }
    }

    private void End(Item? item)
    {
        if (item is null)
        {
            return;
        }
        world.Note(this, $"dispose {item.Number}");
        if (!item.IsDead)
        {
            item.Ended = world.Tick();
        }
        item.Tensor.Dispose();
    }

    private void Open(MemoryScope scope)
    {
        _scope = new ScopeModel(scope, _scope);
        _mine.Add(_scope);
        world.Note(this, scope is Tape ? "open a tape" : "open a scope");
    }

    // Mostly the innermost; at times one that has others inside, or another flow's.
    private void CloseAny()
    {
        List<ScopeModel> from = world.Random.Next(6) == 0 ? world.Flows[world.Random.Next(world.Flows.Count)]._mine : _mine;
        if (from.Count > 0)
        {
            Close(world.Random.Next(4) == 0 ? from[world.Random.Next(from.Count)] : from[^1]);
        }
    }

    private void Close(ScopeModel scope)
    {
        world.Note(this, $"dispose a {(scope.Tape is null ? "scope" : "tape")}{(_mine.Contains(scope) ? "" : " of another flow")}");
        scope.HasEnded = true;
        foreach (Item item in world.Items.Concat(world.Positions).Where(item => item.Owner == scope && !item.IsDead))
        {
            item.Ended = world.Tick();
        }
        scope.Scope.Dispose();
        _mine.Remove(scope);
        // Another flow that is in it stays there until it disposes of it itself.
        if (_scope == scope)
        {
            do
            {
                _scope = _scope.Parent;
            }
            while (_scope is { HasEnded: true });
        }
    }

    private void Keep()
    {
        if (_scope is not { } scope || world.Items.LastOrDefault(item => item.Owner == scope && !item.IsDead) is not { } item)
        {
            return;
        }
        bool isParentGone = scope.Parent is { HasEnded: true };
        bool kept = Try(
            $"keep {item.Number}", scope.HasEnded || isParentGone, () => scope.HasEnded || scope.Parent is { HasEnded: true } or { Backwards: > 0 },
            () => scope.Scope.Keep(item.Tensor));
        if (kept)
        {
            item.Owner = scope.Parent;
        }
        else if (isParentGone && !item.IsDead)
        {
            // A scope that has ended disposes of what it is given.
            item.Ended = world.Tick();
        }
    }

    private void Watch()
    {
        if (_scope is not { Tape: { } tape } scope || world.Any(world.Items) is not { } item || item.Recorder == scope)
        {
            return;
        }
        bool refuses = item.IsDead || scope.HasEnded;
        if (Try($"watch {item.Number}", refuses, () => scope.Backwards > 0, () => tape.Watch(item.Tensor)))
        {
            scope.Watched.Add(item);
        }
    }

    // Of a tape that this flow is in, or at times of one that it is not: gradients twice, of tensors of other tapes, of what was overwritten.
    private void TakeGradient()
    {
        ScopeModel? asked = world.Random.Next(6) == 0 ? world.Flows[world.Random.Next(world.Flows.Count)]._scope : _scope;
        if (asked is not { Tape: { } tape } scope || world.Items.Count == 0)
        {
            return;
        }
        Item[] recorded = [.. world.Items.Where(item => item.Recorder == scope)];
        Item output = recorded.Length > 0 && world.Random.Next(8) > 0 ? recorded[world.Random.Next(recorded.Length)] : world.Any(world.Items)!;
        Item leaf = output.Slopes.Count > 0 && world.Random.Next(8) > 0 ? output.Slopes.Keys.ElementAt(world.Random.Next(output.Slopes.Count)) : world.Any(world.Items)!;
        bool isOnTape = output.Recorder == scope && scope.Watched.Contains(leaf);
        long began = world.Tick();
        bool refuses = scope.HasEnded || output.IsDead || leaf.IsDead || scope != _scope;
        bool isShared = scope.Backwards > 0;
        Tensor gradient = default;
        scope.Backwards++;
        scope.BackwardBegan = began;
        bool given = Try($"gradient of {output.Number} by {leaf.Number}", refuses,
            () => !isOnTape || isShared || scope.Backwards > 1 || scope.HasEnded || output.HasChangedBehind() || leaf.ChangedSince(began) || scope.BackwardEnded >= began,
            () => gradient = tape.Gradient(output.Tensor, leaf.Tensor));
        scope.Backwards--;
        scope.BackwardEnded = world.Tick();
        if (!given)
        {
            return;
        }
        float[] values = [];
        if (Try("read it", false, () => scope.HasEnded || scope.BackwardBegan > began, () => values = gradient.ToArray()))
        {
            bool isWatchedItself = output == leaf;
            Expect(isWatchedItself ? 1 : isOnTape ? output.Slopes.GetValueOrDefault(leaf) : values[0], values, $"the gradient of tensor {output.Number} by {leaf.Number}");
        }
    }

    private void StartOrCancel()
    {
        if (world.Flows.Count >= MostFlows || world.Random.Next(3) == 0)
        {
            Flow other = world.Flows[world.Random.Next(world.Flows.Count)];
            world.Note(this, $"cancel flow {other.Number}");
            other._cancelled.Cancel();
            return;
        }
        Flow started = new(world.Flows.Count, world, baton, _scope);
        world.Flows.Add(started);
        world.Note(this, $"start flow {started.Number} in its scope");
        baton.Add(started.Run);
    }
}
