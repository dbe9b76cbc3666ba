//! What goes wrong between the agent and a provider.

use std::time::Duration;

use daypass_core::Time;

use crate::dice::Dice;

/// What a provider is like for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// No connection comes about.
    Unplugged,
    /// Answers are lost on the way back, some requests on the way there.
    Lossy,
    /// 5xx, with and without `Retry-After`, before and after the work was done.
    Broken,
    /// 429, with and without `Retry-After`.
    Crowded,
    /// Answers take up to 20 s.
    Slow,
    /// Nothing is answered at all.
    Mute,
    /// Answers of a shape that nobody can read.
    Odd,
    /// A no that has nothing to do with the credential.
    Forbidding,
    /// Any of these, from call to call.
    Mixed,
}

impl Weather {
    pub(crate) const ALL: [Self; 9] = [
        Self::Unplugged,
        Self::Lossy,
        Self::Broken,
        Self::Crowded,
        Self::Slow,
        Self::Mute,
        Self::Odd,
        Self::Forbidding,
        Self::Mixed,
    ];
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    /// Whether the provider does what it is asked.
    pub(crate) effect: bool,
    /// When it does, counted from the beginning.
    pub(crate) effect_after: Duration,
    /// When the agent hears of it, or gives up.
    pub(crate) answer_after: Duration,
    /// What it hears.
    pub(crate) answer: Answer,
    /// Whether an agent that is killed meanwhile has the request acted on all the same.
    pub(crate) sent: bool,
    /// Whether the answer survives that the machine sleeps meanwhile.
    pub(crate) patient: bool,
}

/// What the agent hears of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What came of it.
    Plain,
    /// Connection refused.
    Refused,
    /// The connection broke, or nothing came for 20 s.
    Lost,
    /// 5xx.
    Later(Option<Duration>),
    /// 429.
    Pause(Option<Duration>),
    /// A shape that cannot be read.
    Odd,
    /// 403.
    Forbidden,
}

/// The longest that the engine waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The weather at one provider's address, and what it keeps of who asked.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The weather, how likely it strikes a call, and until when it lasts.
    pub(crate) weather: Option<(Weather, f64, Time)>,
    /// How many calls a second it takes; none is any number.
    pub(crate) per_second: Option<f64>,
    /// Whether its own 429 say for how long.
    pub(crate) says_how_long: bool,
    pub(crate) bucket: f64,
    pub(crate) filled: Option<Time>,
}

impl Origin {
    /// What becomes of a call that begins at `now`.
    pub(crate) fn fate(&self, dice: &mut Dice, now: Time) -> Fate {
        let struck = self.weather.filter(|(_, likely, until)| now < *until && dice.happens(*likely));
        let weather = match struck.map(|(weather, ..)| weather) {
            Some(Weather::Mixed) => Some(dice.pick(&Weather::ALL[..8])),
            weather => weather,
        };
        let answer_after = dice.seconds(0.02, 0.4);
        let (sent, patient) = (dice.happens(0.5), dice.happens(0.5));
        let effect_after = answer_after.mul_f64(0.5);
        let fine = Fate { effect: true, effect_after, answer_after, answer: Answer::Plain, sent, patient };
        let half = dice.happens(0.5);
        let pause = half.then(|| dice.magnitude(1.0, 900.0)).map(|pause| Duration::from_secs(pause.as_secs()));
        match weather {
            None => fine,
            Some(Weather::Unplugged) => {
                let answer_after = if half { Duration::from_secs(5) } else { answer_after };
                Fate { effect: false, sent: false, answer: Answer::Refused, answer_after, ..fine }
            }
            Some(Weather::Lossy) => Fate { effect: dice.happens(0.7), answer: Answer::Lost, ..fine },
            Some(Weather::Broken) => Fate { effect: dice.happens(0.3), answer: Answer::Later(pause), ..fine },
            Some(Weather::Crowded) => Fate { effect: false, answer: Answer::Pause(pause), ..fine },
            Some(Weather::Slow | Weather::Mixed) => {
                let answer_after = dice.seconds(1.0, 20.0);
                Fate { effect_after: answer_after.mul_f64(dice.unit()), answer_after, ..fine }
            }
            Some(Weather::Mute) => {
                let effect_after = PATIENCE.mul_f64(dice.unit());
                Fate { effect: half, effect_after, answer: Answer::Lost, answer_after: PATIENCE, ..fine }
            }
            Some(Weather::Odd) => Fate { effect: dice.happens(0.5), answer: Answer::Odd, ..fine },
            Some(Weather::Forbidding) => Fate { effect: false, answer: Answer::Forbidden, ..fine },
        }
    }

    /// Whether one more call is too much at `now`; the provider's own rate limit, with a burst of five.
    pub(crate) fn too_much(&mut self, now: Time) -> bool {
        let Some(per_second) = self.per_second else { return false };
        let idle = self.filled.map_or(f64::MAX, |filled| daypass_core::clock::until(filled, now).as_secs_f64());
        self.bucket = (self.bucket + idle * per_second).min(5.0);
        self.filled = Some(now);
        if self.bucket < 1.0 {
            return true;
        }
        self.bucket -= 1.0;
        false
    }
}
