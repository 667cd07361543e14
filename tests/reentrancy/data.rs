//! Data inside data.

use super::*;
use membrane::Passable;

#[derive(Passable)]
struct Chain {
    worker: Option<Arc<dyn Worker>>,
    rest: Option<Box<Chain>>,
}

impl Chain {
    fn of(levels: usize, worker: &Arc<dyn Worker>) -> Self {
        let link = |rest| Self {
            worker: Some(worker.clone()),
            rest,
        };
        (1..levels).fold(link(None), |rest, _| link(Some(Box::new(rest))))
    }

    fn levels(&self) -> usize {
        std::iter::successors(Some(self), |chain| chain.rest.as_deref()).count()
    }
}

#[derive(Passable)]
enum Tree {
    Leaf(Arc<dyn Worker>),
    Node(Vec<Tree>),
}

impl Tree {
    fn line(levels: usize, worker: &Arc<dyn Worker>) -> Self {
        (1..levels).fold(Self::Leaf(worker.clone()), |below, _| {
            Self::Node(vec![below])
        })
    }

    fn leaves(&self) -> usize {
        match self {
            Self::Leaf(worker) => usize::from(worker.run().is_ok()),
            Self::Node(below) => below.iter().map(Self::leaves).sum(),
        }
    }
}

#[interface]
trait Forest {
    fn keep(&self, chain: Chain, tree: Tree) -> Answer;
    fn grow(&self, levels: usize) -> Result<(Chain, Tree), Error>;
}

struct Wood(Arc<dyn Worker>);

impl Forest for Wood {
    fn keep(&self, chain: Chain, tree: Tree) -> Answer {
        Ok((chain.levels() + tree.leaves()) as u64)
    }

    fn grow(&self, levels: usize) -> Result<(Chain, Tree), Error> {
        Ok((Chain::of(levels, &self.0), Tree::line(levels, &self.0)))
    }
}

/// D7, E7. Fails if a level is not counted, or not given back.
#[test]
fn data_nested_beyond_the_bound_is_too_deep() {
    for direction in DIRECTIONS {
        let forest = allow!(dyn Forest: keep, grow);
        let membrane = Membrane::new(working().inbound(forest).outbound(forest).build().unwrap());
        let worker = plain_worker();
        let lent = membrane
            .pass(Arc::new(Wood(worker.clone())) as Arc<dyn Forest>, direction)
            .unwrap();
        for levels in if cfg!(miri) {
            vec![2, 256]
        } else {
            vec![1, 2, 255, 256]
        } {
            let (chain, tree) = (Chain::of(levels, &worker), Tree::line(levels, &worker));
            assert_eq!(
                lent.keep(chain, tree),
                Ok(levels as u64 + 1),
                "{levels} levels"
            );
            let (chain, tree) = lent.grow(levels).unwrap();
            assert_eq!((chain.levels(), tree.leaves()), (levels, 1));
        }
        for levels in if cfg!(miri) {
            vec![257]
        } else {
            vec![257, 258, 1000]
        } {
            let too_deep: Error = ErrorKind::TooDeep.into();
            let deep = || (Chain::of(levels, &worker), Tree::line(levels, &worker));
            let flat = || (Chain::of(1, &worker), Tree::line(1, &worker));
            assert_eq!(
                lent.keep(deep().0, flat().1),
                Err(too_deep),
                "{levels} levels"
            );
            assert_eq!(lent.keep(flat().0, deep().1), Err(too_deep));
            assert_eq!(lent.grow(levels).err(), Some(too_deep));
            assert_eq!(membrane.pass(deep().0, direction).err(), Some(too_deep));
            assert_eq!(lent.keep(flat().0, flat().1), Ok(2), "usable again");
        }
        assert_eq!(
            membrane.live_proxies(),
            1,
            "what was converted so far is gone"
        );
        // Much side by side is not deep.
        let wide = (0..sized(3000, 2)).map(|_| Tree::line(255, &worker));
        let wide = Tree::Node(wide.collect());
        let leaves = wide.leaves();
        assert_eq!(
            lent.keep(Chain::of(1, &worker), wide),
            Ok(1 + leaves as u64)
        );
    }
}
