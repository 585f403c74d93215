namespace Kl3m.Playground.Runs;

/// <summary>What can be undone and redone. Changes of one kind that follow each other closely can be one step: a word typed, a slider moved.</summary>
internal sealed class History<T>(TimeProvider time)
    where T : class
{
    public const int Most = 200;
    public static readonly TimeSpan Close = TimeSpan.FromSeconds(1);

    private readonly LinkedList<T> past = [];
    private readonly Stack<T> future = new();
    private string? lastKind;
    private long lastTime;

    public bool CanUndo => past.Count > 0;

    public bool CanRedo => future.Count > 0;

    /// <summary>Call before a change.</summary>
    /// <param name="kind">Changes of the same kind join; null never does.</param>
    public void Remember(T now, string? kind)
    {
        var follows = kind is not null && kind == lastKind && time.GetElapsedTime(lastTime) < Close;
        (lastKind, lastTime) = (kind, time.GetTimestamp());
        future.Clear();
        if (follows && past.Count > 0)
        {
            return;
        }
        past.AddLast(now);
        if (past.Count > Most)
        {
            past.RemoveFirst();
        }
    }

    /// <summary>The change that was announced last did not come about.</summary>
    public void TakeBack()
    {
        if (past.Count > 0)
        {
            past.RemoveLast();
        }
    }

    /// <summary>What was before; null where nothing was.</summary>
    public T? Undo(T now)
    {
        if (past.Last is not { Value: var before })
        {
            return null;
        }
        past.RemoveLast();
        future.Push(now);
        lastKind = null;
        return before;
    }

    public T? Redo(T now)
    {
        if (!future.TryPop(out var after))
        {
            return null;
        }
        past.AddLast(now);
        lastKind = null;
        return after;
    }
}
