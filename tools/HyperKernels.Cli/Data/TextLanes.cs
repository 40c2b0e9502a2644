namespace HyperKernels.Cli.Data;

/// <summary>
/// A text in equal lanes that are read side by side, a window of steps at a time: each sample of a batch goes on where it stopped, until all
/// lanes are at their end.
/// </summary>
internal sealed class TextLanes
{
    private readonly int[] _text;
    private readonly int _lanes;
    private readonly int _length;
    private readonly int _steps;
    private readonly int[] _inputs;
    private readonly int[] _targets;

    /// <param name="text">Numbers of symbols.</param>
    /// <param name="lanes">How many samples a batch has.</param>
    /// <param name="steps">How many characters of each a window has.</param>
    /// <exception cref="ArgumentException">The text is too short for a window in every lane.</exception>
    public TextLanes(int[] text, int lanes, int steps)
    {
        if (text.Length / lanes <= steps)
        {
            throw new ArgumentException($"TextLanes: {lanes} lanes with windows of {steps} symbols need a text of at least {(long)lanes * (steps + 1)}; got {text.Length}.");
        }
        _text = text;
        _lanes = lanes;
        _length = text.Length / lanes;
        _steps = steps;
        _inputs = new int[lanes * steps];
        _targets = new int[lanes * steps];
    }

    /// <summary>How many windows there are until the lanes end.</summary>
    public int Windows => (_length - 1) / _steps;

    /// <summary>What is read, window by window through the lanes again and again: <c>[steps, lanes]</c> flat, and what follows each character.</summary>
    public (int[] Inputs, int[] Targets) Window(long number)
    {
        int start = (int)(number % Windows) * _steps;
        for (int step = 0; step < _steps; step++)
        {
            for (int lane = 0; lane < _lanes; lane++)
            {
                int at = (lane * _length) + start + step;
                _inputs[(step * _lanes) + lane] = _text[at];
                _targets[(step * _lanes) + lane] = _text[at + 1];
            }
        }
        return (_inputs, _targets);
    }
}
