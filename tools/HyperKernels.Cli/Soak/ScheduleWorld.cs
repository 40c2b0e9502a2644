using System.Globalization;

namespace HyperKernels.Cli.Soak;

/// <summary>What the flows of a schedule share, and what is known of it: which number stands in every tensor, what it was computed from, and what happened to it.</summary>
internal sealed class ScheduleWorld(Random random)
{
    public static readonly Shape Shape = [4, 2];

    /// <summary>Chooses what flows do.</summary>
    public Random Random { get; } = random;

    /// <summary>Tensors that somebody may use, the ended ones too.</summary>
    public List<Item> Items { get; } = [];

    /// <summary>Positions that somebody may read by.</summary>
    public List<Item> Positions { get; } = [];

    public List<Flow> Flows { get; } = [];

    /// <summary>Goes on with every event.</summary>
    public long Clock { get; private set; }

    /// <summary>What happened, oldest first: the schedule.</summary>
    public List<string> Log { get; } = [];

    /// <summary>How often what was asked for was computed, and how often it was refused.</summary>
    public long Answers { get; set; }

    public long Refusals { get; set; }

    public long Tick() => ++Clock;

    public void Note(Flow flow, string what) => Log.Add(string.Create(CultureInfo.InvariantCulture, $"{Log.Count,4} flow {flow.Number}: {what}"));

    /// <summary>Disposes of what is left, and forgets the handles: also those on ended tensors keep what may serve others by now from the collector.</summary>
    public void End()
    {
        foreach (Item item in Items.Concat(Positions))
        {
            item.Tensor.Dispose();
        }
        Items.Clear();
        Positions.Clear();
        Flows.Clear();
    }

    public Item? Any(List<Item> items) => items.Count == 0 ? null : items[Random.Next(items.Count)];
}

/// <summary>A scope or tape, and what is known of it.</summary>
internal sealed class ScopeModel(MemoryScope scope, ScopeModel? parent)
{
    public MemoryScope Scope { get; } = scope;

    public Tape? Tape { get; } = scope as Tape;

    public ScopeModel? Parent { get; } = parent;

    /// <summary>Whether somebody disposed of it, or has begun to.</summary>
    public bool HasEnded { get; set; }

    /// <summary>How many flows are asking it for gradients.</summary>
    public int Backwards { get; set; }

    /// <summary>When gradients were last asked for, and when they came.</summary>
    public long BackwardBegan { get; set; } = -1;

    public long BackwardEnded { get; set; } = -1;

    public HashSet<Item> Watched { get; } = [];
}

/// <summary>A tensor in whose every element one number stands.</summary>
internal sealed class Item(int number, Tensor tensor, float value, ScopeModel? owner)
{
    public int Number { get; } = number;

    public Tensor Tensor { get; } = tensor;

    public float Value { get; set; } = value;

    /// <summary>The scope that ends it; null for none.</summary>
    public ScopeModel? Owner { get; set; } = owner;

    /// <summary>When it ended; -1 while it has not.</summary>
    public long Ended { get; set; } = -1;

    /// <summary>When it was last written, and whether somebody is about to.</summary>
    public long Written { get; set; } = -1;

    public bool IsBeingWritten { get; set; }

    /// <summary>The tape that recorded it, what it was made from, and its derivative by what that tape watches.</summary>
    public ScopeModel? Recorder { get; set; }

    public Item[] Inputs { get; set; } = [];

    public Dictionary<Item, float> Slopes { get; } = [];

    public long Made { get; set; }

    public bool IsDead => Ended >= 0;

    /// <summary>Whether it was disposed of or overwritten since, or somebody is at it: then an op on it may be refused.</summary>
    public bool ChangedSince(long time) => Ended >= time || Written >= time || IsBeingWritten;

    /// <summary>Whether something that it was computed from changed since that was read: then its gradients may be refused.</summary>
    public bool HasChangedBehind()
    {
        HashSet<Item> seen = [this];
        Stack<Item> open = new(seen);
        while (open.TryPop(out Item? item))
        {
            if (item.ChangedSince(item.Made) || item.Inputs.Any(input => input.ChangedSince(item.Made)))
            {
                return true;
            }
            foreach (Item input in item.Inputs.Where(seen.Add))
            {
                open.Push(input);
            }
        }
        return false;
    }
}
