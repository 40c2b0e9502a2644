namespace HyperKernels.Cli.Data;

/// <summary>
/// Small random programs as syntax trees. What a program does is its class: it adds up a list, counts what is small in one, finds the largest, or counts
/// down. Names and numbers are drawn, and statements that change nothing stand around it, so that no single token tells the class.
/// </summary>
internal static class ProgramTrees
{
    /// <summary>The number of classes.</summary>
    public const int Classes = 4;

    /// <summary>Nodes are statements and expressions, names, or numbers.</summary>
    public const int NodeTypes = 3;

    private const int Names = 10;
    private const int Numbers = 5;
    private const int MostNoise = 4;

    private enum Kind
    {
        Module,
        Assign,
        AddAssign,
        For,
        While,
        If,
        Less,
        Add,
        Subtract,
        Call,
        Name,
        Number,
    }

    private enum Field
    {
        Body,
        Target,
        Value,
        Over,
        Test,
        Left,
        Right,
        Function,
        Arguments,
        Identifier,
    }

    /// <summary>The number of different tokens: kinds, then names, then numbers.</summary>
    public static int TokenCount { get; } = Enum.GetValues<Kind>().Length + Names + Numbers;

    /// <summary>The number of types of hyperedges.</summary>
    public static int EdgeTypes { get; } = Enum.GetValues<Field>().Length;

    /// <summary>Writes a program.</summary>
    /// <param name="seed">With the number of the program decides everything.</param>
    /// <param name="number">Its number; programs of one class have numbers that are alike modulo <see cref="Classes"/>.</param>
    /// <returns>The tree and its class.</returns>
    public static (SyntaxTree Tree, int Class) Write(int seed, int number)
    {
        int kind = number % Classes;
        Writer writer = new(new SplitMix(seed, number));
        return (writer.Program(kind), kind);
    }

    private struct Writer(SplitMix random)
    {
        private readonly SyntaxTree _tree = new();
        private SplitMix _random = random;

        public SyntaxTree Program(int kind)
        {
            int module = Node(Kind.Module);
            List<int> body = [.. Noise(), .. Task(kind), .. Noise()];
            _tree.Field(module, (int)Field.Body, body);
            return _tree;
        }

        private int[] Task(int kind)
        {
            (int total, int item, int list, int bound) = (_random.Below(Names), _random.Below(Names), _random.Below(Names), _random.Below(Names));
            return kind switch
            {
                0 => [Assign(total, Number()), For(Name(item), Name(list), [.. Noise(), AddAssign(total, Name(item))])],
                1 =>
                [
                    Assign(total, Number()),
                    For(Name(item), Name(list), [If(Pair(Kind.Less, Name(item), Name(bound)), [AddAssign(total, Number())]), .. Noise()]),
                ],
                2 =>
                [
                    Assign(total, Name(list)),
                    For(Name(item), Name(list), [If(Pair(Kind.Less, Name(total), Name(item)), [Assign(total, Name(item))]), .. Noise()]),
                ],
                _ =>
                [
                    Assign(total, Name(bound)),
                    While(Pair(Kind.Less, Number(), Name(total)), [.. Noise(), Assign(total, Pair(Kind.Subtract, Name(total), Number()))]),
                ],
            };
        }

        private int[] Noise()
        {
            int[] statements = new int[_random.Below(MostNoise)];
            for (int i = 0; i < statements.Length; i++)
            {
                (int a, int b) = (_random.Below(Names), _random.Below(Names));
                statements[i] = _random.Below(5) switch
                {
                    0 => Assign(a, Pair(_random.Below(2) == 0 ? Kind.Add : Kind.Subtract, Name(b), Number())),
                    1 => Call(Name(a), [Name(b), Number()]),
                    2 => If(Pair(Kind.Less, Name(a), Number()), [Call(Name(b), [Name(a)])]),
                    3 => AddAssign(a, Number()),
                    _ => For(Name(a), Name(b), [Call(Name(a), [Name(a)])]),
                };
            }
            return statements;
        }

        private int Assign(int name, int value) => With(Node(Kind.Assign), (Field.Target, [Name(name)]), (Field.Value, [value]));

        private int AddAssign(int name, int value) => With(Node(Kind.AddAssign), (Field.Target, [Name(name)]), (Field.Value, [value]));

        private int For(int item, int list, int[] body) => With(Node(Kind.For), (Field.Target, [item]), (Field.Over, [list]), (Field.Body, body));

        private int While(int test, int[] body) => With(Node(Kind.While), (Field.Test, [test]), (Field.Body, body));

        private int If(int test, int[] body) => With(Node(Kind.If), (Field.Test, [test]), (Field.Body, body));

        private int Pair(Kind kind, int left, int right) => With(Node(kind), (Field.Left, [left]), (Field.Right, [right]));

        private int Call(int function, int[] arguments) => With(Node(Kind.Call), (Field.Function, [function]), (Field.Arguments, arguments));

        private int Name(int name) => With(Node(Kind.Name), (Field.Identifier, [_tree.Node(1, (int)Kind.Number + 1 + name)]));

        private int Number() => With(Node(Kind.Number), (Field.Identifier, [_tree.Node(2, (int)Kind.Number + 1 + Names + _random.Below(Numbers))]));

        private int Node(Kind kind) => _tree.Node(0, (int)kind);

        private int With(int node, params ReadOnlySpan<(Field Field, int[] Children)> fields)
        {
            foreach ((Field field, int[] children) in fields)
            {
                _tree.Field(node, (int)field, children);
            }
            return node;
        }
    }
}
