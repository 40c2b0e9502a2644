namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>What came of each function's failures; tells at once what is not as promised.</summary>
internal sealed class Outcomes(DriverUnderTest driver)
{
    private readonly SortedDictionary<string, SortedSet<string>> _told = new(StringComparer.Ordinal);
    private readonly HashSet<string> _met = [];

    /// <summary>By function: what its failures were told as.</summary>
    public IEnumerable<(string Function, IEnumerable<string> Told)> All => _told.Select(one => (one.Key, one.Value.AsEnumerable()));

    /// <summary>What never failed.</summary>
    public IEnumerable<string> Never => driver.Functions.Except(_told.Keys).Except(_met);

    /// <summary>Notes functions that failed on a device that was gone.</summary>
    public void Meet(IEnumerable<string> functions) => _met.UnionWith(functions);

    /// <summary>Does some work in which a function fails.</summary>
    public void Try(string function, int status, Action work)
    {
        string told = Told(status, work);
        if (driver.Calls.Contains(function))
        {
            Note(function, told);
        }
    }

    /// <summary>Does some work in which a call fails, by its number; which function that is may differ by what was done before.</summary>
    public void Try(int number, int status, Action work)
    {
        string told = Told(status, work);
        if (driver.Calls.ElementAtOrDefault(number) is { } function)
        {
            Note(function, told);
        }
    }

    private string Told(int status, Action work) => Message(work) is { } message ? driver.ToldAs(message, status) : DriverCalls.Silent;

    private void Note(string function, string told)
    {
        if (!_told.TryGetValue(function, out SortedSet<string>? all))
        {
            _told.Add(function, all = new SortedSet<string>(StringComparer.Ordinal));
        }
        all.Add(told);
    }

    /// <summary>What a device's exception says; null where the work went well.</summary>
    public string? Message(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (DeviceException failure)
        {
            return failure.Message;
        }
        catch (Exception failure)
        {
            Expect(false, $"no other exception comes out: {failure}");
            return failure.Message;
        }
    }

    public void Expect(bool holds, string what)
    {
        if (!holds)
        {
            Console.WriteLine($"WRONG {what.ReplaceLineEndings(" | ")}");
        }
    }
}
