using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>The teacher's playground, as the class sees it; and a student's own desk with the same on it.</summary>
internal sealed partial class ClassroomState
{
    private (string Prompt, SamplingParams Sampling, SelectedToken? Selected, Run? Run)? presented;
    private int presentings;

    /// <summary>What the teacher does on the playground's page is followed.</summary>
    public bool IsPresenting => presented is not null && Room?.State.Scene is PresentationScene;

    public void StartPresenting()
    {
        presented = null;
        ShowPlayground();
    }

    /// <summary>Prompt and settings that the class looks at, onto this student's own playground.</summary>
    public void TakeOver()
    {
        if (Room?.State.Scene is PresentationScene scene)
        {
            playground.Take(new PageLink("", scene.Prompt, [new LinkColumn(scene.Sampling with { Seed = Room.Run?.Seed ?? scene.Sampling.Seed }, scene.Model)]));
        }
    }

    private void FollowPlayground()
    {
        if (IsPresenting)
        {
            ShowPlayground();
        }
    }

    private void ShowPlayground()
    {
        var now = (playground.Prompt, playground.Sampling, playground.Selected, playground.Run);
        if (IsTeacher && Room is { } room && presented != now)
        {
            presented = now;
            _ = PresentAsync(room);
        }
    }

    // What changes while the last change is on its way goes together with the next.
    private async Task PresentAsync(Room room)
    {
        if (Interlocked.Increment(ref presentings) > 1)
        {
            return;
        }
        int seen;
        do
        {
            seen = Volatile.Read(ref presentings);
            if (presented is { } now)
            {
                Tell(await room.PresentRunAsync(key, new Present(now.Prompt, now.Sampling, now.Selected, now.Run?.Model.Id), now.Run, playground.RunGenerator));
            }
        }
        while (Interlocked.CompareExchange(ref presentings, 0, seen) != seen);
    }

    private void EndPresenting() => presented = null;
}
