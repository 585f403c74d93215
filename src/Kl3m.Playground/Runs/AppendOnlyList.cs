using System.Collections;

namespace Kl3m.Playground.Runs;

/// <summary>
/// A list that one thread appends to while others read it without a lock: what stands never changes, and the count is published
/// after the element. An enumeration sees the elements that were there when it began.
/// </summary>
public sealed class AppendOnlyList<T> : IReadOnlyList<T>
{
    private volatile T[] items = [];
    private volatile int count;

    public int Count => count;

    public T this[int index]
    {
        get
        {
            // The count first: the array that is read after it is at least as new.
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return items[index];
        }
    }

    internal void Append(T item)
    {
        var next = count;
        if (next == items.Length)
        {
            var larger = new T[Math.Max(64, 2 * next)];
            Array.Copy(items, larger, next);
            items = larger;
        }
        items[next] = item;
        count = next + 1;
    }

    public IEnumerator<T> GetEnumerator()
    {
        var until = count;
        var standing = items;
        for (var i = 0; i < until; i++)
        {
            yield return standing[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
